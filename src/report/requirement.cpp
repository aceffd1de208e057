#include "orrery/report/requirement.h"

#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/nearest_name.h"

namespace orrery {
namespace {

using Relation = Requirement::Relation;

struct RelationRow {
  std::string_view sign;
  Relation relation;
};
constexpr RelationRow kRelations[] = {
    // longer signs first
    {"<=", Relation::at_most},
    {">=", Relation::at_least},
    {"<", Relation::below},
    {">", Relation::above},
};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

const Metric* find_metric(std::span<const Metric> metrics, std::string_view path) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.path == path; });
  return found == metrics.end() ? nullptr : &*found;
}

Result<double> parse_limit(std::string_view text, const Dimension& dimension) {
  if (dimension != Dimension{}) {
    auto quantity = parse_quantity(text, dimension);
    if (quantity) return *quantity;
    const UnitError& error = quantity.error();
    return failure(error.hint.empty() ? error.message : fmt::format("{}; {}", error.message, error.hint));
  }
  const bool percent = text.ends_with('%');
  if (percent) text = trimmed(text.substr(0, text.size() - 1));
  auto number = parse_number(text);
  if (!number) return failure(number.error());
  return percent ? *number / 100 : *number;
}

std::string value_text(double value, const Dimension& dimension) {
  return dimension == Dimension{} ? fmt::format("{:.6g}", value) : format_quantity(value, dimension);
}

bool holds(double value, Relation relation, double limit) {
  switch (relation) {
    case Relation::at_most:
      return value <= limit;
    case Relation::below:
      return value < limit;
    case Relation::at_least:
      return value >= limit;
    case Relation::above:
      return value > limit;
  }
  return false;
}

std::string_view sign_of(Relation relation) {
  for (const RelationRow& row : kRelations) {
    if (row.relation == relation) return row.sign;
  }
  return "?";
}

}  // namespace

Result<Requirement> parse_requirement(std::string_view text, std::span<const Metric> metrics) {
  const std::size_t at = text.find_first_of("<>");
  if (at == std::string_view::npos) {
    return failure(fmt::format("'{}' has no <=, <, >= or >; write METRIC<=VALUE, or 'slo'", text));
  }
  const auto* row = std::find_if(std::begin(kRelations), std::end(kRelations),
                                 [&](const RelationRow& r) { return text.substr(at).starts_with(r.sign); });
  const std::string path(trimmed(text.substr(0, at)));
  const Metric* metric = find_metric(metrics, path);
  if (metric == nullptr) {
    std::vector<std::string> paths;
    for (const Metric& m : metrics) paths.push_back(m.path);
    const std::string nearest = did_you_mean(path, paths);
    return failure(fmt::format("'{}' is not a metric of this run; {}", path,
                               nearest.empty() ? "the paths are those of --json, as in latency_s.ttft.p95" : nearest));
  }
  auto limit = parse_limit(trimmed(text.substr(at + row->sign.size())), metric->dimension);
  if (!limit) return failure(fmt::format("'{}': {}", text, limit.error()));
  return Requirement{std::string(text), path, row->relation, *limit};
}

std::string unmet(const Requirement& requirement, std::span<const Metric> metrics) {
  const Metric* metric = find_metric(metrics, requirement.path);
  if (metric == nullptr || !metric->value) return fmt::format("{} has no value in this run", requirement.path);
  if (holds(*metric->value, requirement.relation, requirement.limit)) return {};
  return fmt::format("{} is {}, required {} {}", requirement.path, value_text(*metric->value, metric->dimension),
                     sign_of(requirement.relation), value_text(requirement.limit, metric->dimension));
}

}  // namespace orrery
