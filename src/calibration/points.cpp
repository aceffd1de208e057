#include "orrery/calibration/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace orrery {
namespace {

constexpr std::size_t kPhase = std::string::npos;
constexpr int kFifths = 5;

/// Columns that do not say what was measured.
bool is_outcome(const OperatorForm& form, std::string_view column) {
  for (const std::string_view measured : form.measured_columns()) {
    if (column == measured) return true;
  }
  return column == "cache_resident" || column == "suspect";
}

/// Source: FNV-1a, finished as in splitmix64 so that all bits depend on all letters.
class KeyHash {
 public:
  void add(std::string_view text) {
    for (const char letter : text) step(static_cast<unsigned char>(letter));
    step(0);
  }
  std::uint64_t value() const {
    std::uint64_t mixed = hash_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

 private:
  void step(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3; }
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

std::string_view phase_of(std::string_view column) {
  return column.ends_with("_us") ? column.substr(0, column.size() - 3) : column;
}

/// Repeats of a key become their median.
std::size_t merge_duplicates(std::vector<MeasuredPoint>& points) {
  std::map<std::uint64_t, std::vector<std::size_t>> by_key;
  for (std::size_t i = 0; i < points.size(); ++i) by_key[points[i].key].push_back(i);
  if (by_key.size() == points.size()) return 0;
  std::vector<MeasuredPoint> merged;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& same = by_key[points[i].key];
    if (same.front() != i) continue;
    std::vector<double> times;
    for (const std::size_t index : same) times.push_back(points[index].measured_us);
    std::sort(times.begin(), times.end());
    merged.push_back(points[i]);
    merged.back().measured_us = (times[times.size() / 2] + times[(times.size() - 1) / 2]) / 2;
  }
  const std::size_t repeats = points.size() - merged.size();
  points = std::move(merged);
  return repeats;
}

/// "vllm 0.24.0", of frameworks and of libraries.
std::string software_of(const MeasurementTable& table, std::size_t row) {
  for (const auto& [name, version] : {std::pair("framework", "framework_version"), {"library", "library_version"}}) {
    const auto name_column = table.find_column(name);
    const auto version_column = table.find_column(version);
    if (name_column && version_column) {
      return fmt::format("{} {}", table.cell(row, *name_column), table.cell(row, *version_column));
    }
  }
  return "unknown software";
}

}  // namespace

Result<RowReader> RowReader::make(const OperatorForm& form, const MeasurementTable& table, const ChipTable& chips) {
  RowReader reader(form, table, chips);
  std::vector<std::string_view> missing;
  const auto column = [&](std::string_view name) {
    const auto found = table.find_column(name);
    if (!found) missing.push_back(name);
    return found.value_or(0);
  };
  reader.gpu_column_ = column("gpu");
  for (const std::string_view name : form.columns()) reader.shape_columns_.push_back(column(name));
  const bool has_phases = form.measured_columns().size() > 1;
  for (const std::string_view name : form.family_columns()) {
    reader.family_columns_.push_back(has_phases && name == "phase" ? kPhase : column(name));
  }
  if (missing.empty()) return reader;
  return failure(fmt::format("it has no column {}, which {} needs", fmt::join(missing, ", "), form.kind()));
}

Result<RowShape> RowReader::read(std::size_t row) const {
  if (!table_.is_whole(row)) return failure("it does not have as many cells as the header");
  RowShape result;
  const std::string_view gpu = table_.cell(row, gpu_column_);
  result.chip = chips_.find(gpu);
  if (result.chip == nullptr) return failure(fmt::format("there is no chip '{}'{}", gpu, chips_.hint(gpu)));
  for (std::size_t i = 0; i < shape_columns_.size(); ++i) {
    const auto number = form_.number_of(form_.columns()[i], table_.cell(row, shape_columns_[i]));
    if (!number) return failure(fmt::format("{}: {}", form_.columns()[i], number.error()));
    result.shape[i] = *number;
  }
  for (const std::string_view measured : form_.measured_columns()) {
    std::string family;
    for (const std::size_t column : family_columns_) {
      if (!family.empty()) family += '/';
      family += column == kPhase ? phase_of(measured) : table_.cell(row, column);
    }
    if (const auto accepted = form_.accepts(result.shape, family, *result.chip); !accepted) {
      return failure(accepted.error());
    }
    result.families.push_back(std::move(family));
  }
  return result;
}

Result<PointSet> points_of(const OperatorForm& form, const MeasurementTable& table, const ChipTable& chips,
                           std::vector<RowProblem>& problems) {
  const auto reader = RowReader::make(form, table, chips);
  if (!reader) return failure(reader.error());
  std::vector<std::size_t> measured_columns;
  for (const std::string_view name : form.measured_columns()) {
    const auto column = table.find_column(name);
    if (!column) return failure(fmt::format("it has no column {}, which holds the measured times", name));
    measured_columns.push_back(*column);
  }
  std::vector<std::size_t> key_columns;
  for (std::size_t column = 0; column < table.columns().size(); ++column) {
    if (!is_outcome(form, table.columns()[column])) key_columns.push_back(column);
  }
  const auto suspect_column = table.find_column("suspect");

  PointSet set;
  set.form = &form;
  set.file = std::filesystem::path(table.path()).filename().string();
  std::map<std::pair<std::string, const ChipFacts*>, std::size_t> index;
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    ++set.rows;
    if (suspect_column && table.cell(row, *suspect_column) == "1") {
      ++set.suspect;
      continue;
    }
    const auto read = reader->read(row);
    if (!read) {
      if (table.is_whole(row)) problems.push_back({table.path(), table.line(row), read.error()});
      continue;
    }
    KeyHash key;
    for (const std::size_t column : key_columns) key.add(table.cell(row, column));
    for (std::size_t part = 0; part < measured_columns.size(); ++part) {
      const auto measured = form.OperatorForm::number_of("", table.cell(row, measured_columns[part]));
      if (!measured || *measured <= 0) {
        problems.push_back({table.path(), table.line(row), "its measured time is not a number above 0"});
        continue;
      }
      const std::string& family = read->families[part];
      const auto [at, added] = index.try_emplace({family, read->chip}, set.groups.size());
      if (added) set.groups.push_back({family, read->chip, software_of(table, row), {}});
      set.groups[at->second].points.push_back({read->shape, *measured, form.is_cold(read->shape, family, *read->chip),
                                               key.value() % kFifths == 0, key.value()});
    }
  }
  for (PointGroup& group : set.groups) set.duplicates += merge_duplicates(group.points);
  std::stable_sort(set.groups.begin(), set.groups.end(),
                   [](const PointGroup& a, const PointGroup& b) { return a.family < b.family; });
  return set;
}

Result<PointSet> read_points(const OperatorForm& form, const std::string& folder, const ChipTable& chips,
                             std::vector<RowProblem>& problems) {
  const std::string plain = fmt::format("{}/{}.csv", folder, form.kind());
  std::error_code error;
  const std::string path = std::filesystem::exists(plain, error) ? plain : plain + ".gz";
  const auto table = read_measurement_table(path, problems);
  if (!table) return failure(fmt::format("cannot read {}: {}", path, table.error()));
  auto set = points_of(form, *table, chips, problems);
  if (!set) return failure(fmt::format("{}: {}", path, set.error()));
  return set;
}

std::vector<MeasuredPoint> sample_points(std::vector<MeasuredPoint> points, std::size_t most) {
  // The fifth is a remainder of the key: other bits order the sample.
  const auto by_key = [](const MeasuredPoint& a, const MeasuredPoint& b) { return a.key < b.key; };
  std::sort(points.begin(), points.end(), by_key);
  if (points.size() > most) points.resize(most);
  return points;
}

}  // namespace orrery
