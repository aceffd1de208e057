#include "orrery/schema/entry.h"

#include <fmt/format.h>

#include "orrery/base/nearest_name.h"

namespace orrery {
namespace {

class AttributionResolver final : public RecordWalker {
 public:
  AttributionResolver(const EntryHeader& header, Diagnostics& diagnostics, std::vector<ProvenanceItem>& items)
      : header_(header), diagnostics_(diagnostics), items_(items) {
    for (const auto& source : header.sources) source_names_.push_back(source.name);
  }

  void sourced(const std::string& path, Attribution& attribution) override {
    const Status status = attribution.status.value_or(header_.status);
    attribution.status = status;
    const bool own_source = !attribution.source.empty() || attribution.source_place.source != nullptr;
    if (own_source) {
      check_source(attribution.source, attribution.source_place);
    } else if (header_.source && status != Status::assumed) {
      attribution.source = header_.source->id;
    } else if (status != Status::assumed) {
      diagnostics_.error("missing-source", attribution.place,
                         fmt::format("'{}' is {} but names no source", path, enum_name(status)),
                         "give the entry a `source`, or write {value: ..., source: ...}, or status: assumed");
    }
    const bool claims_silicon = status == Status::measured || status == Status::fitted;
    if (header_.status == Status::announced && claims_silicon) {
      diagnostics_.error(
          "announced-as-measured", attribution.place,
          fmt::format("'{}' is {} although '{}' was only announced", path, enum_name(status), header_.id),
          "nobody can measure it yet: write announced, estimated or assumed");
    }
    items_.push_back({header_.kind + "/" + header_.id + "." + path, status});
  }
  void reference(const std::string&, std::string_view kind, AnyReference& reference) override {
    if (kind == SourceKind::kName) check_source(reference.id, reference.place);
  }

 private:
  void check_source(const std::string& name, const Place& place) {
    for (const std::string& known : source_names_) {
      if (known == name) return;
    }
    diagnostics_.error("unknown-source", place, fmt::format("'{}' is not a key of `sources`", name),
                       did_you_mean(name, source_names_));
  }

  const EntryHeader& header_;
  Diagnostics& diagnostics_;
  std::vector<ProvenanceItem>& items_;
  std::vector<std::string> source_names_;
};

}  // namespace

const Place& EntryHeader::place_of(std::string_view key) const {
  for (const auto& [known, at] : key_places) {
    if (known == key) return at;
  }
  return place;
}

void resolve_attribution(const EntryHeader& header, const RecordType& type, void* record, Diagnostics& diagnostics,
                         std::vector<ProvenanceItem>& items) {
  AttributionResolver resolver(header, diagnostics, items);
  type.walk(record, "", resolver);
}

void ReferenceChecker::reference(const std::string&, std::string_view kind, AnyReference& reference) {
  if (kind == SourceKind::kName || exists(kind, reference.id)) return;  // sources: see resolve_attribution
  std::string hint = did_you_mean(reference.id, names(kind));
  if (hint.empty()) hint = fmt::format("`orrery list {}` prints what there is", kind);
  diagnostics_.error("dangling-reference", reference.place, fmt::format("there is no {} '{}'", kind, reference.id),
                     hint);
}

}  // namespace orrery
