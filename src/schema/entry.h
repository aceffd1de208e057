#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orrery/schema/visit.h"

namespace orrery {

/// A document that figures of an entry were taken from.
struct SourceRecord {
  std::string title;
  std::string publisher;
  std::string date;
  std::optional<std::string> where;
  std::optional<std::string> url;
};
constexpr RecordName record_name(const SourceRecord*) { return {"Source", "A document that figures were taken from"}; }
template <class Visitor>
void visit(Visitor& v, SourceRecord& r) {
  v.required("title", r.title, "Title of the document or data set");
  v.required("publisher", r.publisher, "Who published it");
  v.required("date", r.date, "YYYY, YYYY-MM or YYYY-MM-DD");
  v.optional("where", r.where, "Page, table or file inside it");
  v.optional("url", r.url, "Address");
}

/// Tag of a key of the entry's own `sources`.
struct SourceKind {
  static constexpr std::string_view kName = "source of the entry";
};

/// What every catalog entry begins with.
struct EntryHeader {
  std::string id;
  std::string kind;
  std::string name;
  Status status = Status::assumed;
  std::optional<Reference<SourceKind>> source;
  std::optional<std::string> note;
  std::vector<Named<SourceRecord>> sources;
  Place place;
  KeyPlaces key_places;

  /// Where the value of a key of the entry stands; the entry itself where it has no such key.
  const Place& place_of(std::string_view key) const;
};
template <class Visitor>
void visit_header(Visitor& v, EntryHeader& h) {
  v.required("id", h.id, "File name without .yaml");
  v.required("kind", h.kind, "Kind of the entry, the name of its folder in the catalog");
  v.required("name", h.name, "Name for people");
  v.required("status", h.status, "Status of every quantity that does not state its own");
  v.optional("source", h.source, "Key of `sources` for every quantity that does not state its own");
  v.optional("note", h.note, "What a reader should know");
  v.optional_list("sources", h.sources, "Documents by a short key");
  v.place(h.place);
  v.key_places(h.key_places);
}

/// One quantity that a result rests on.
struct ProvenanceItem {
  std::string path;  ///< "chip/h100-sxm.memory.bandwidth"
  Status status;
};

/// Gives every sourced value of an entry its status and source, and reports missing-source,
/// unknown-source and announced-as-measured. Appends one item per value to `items`.
void resolve_attribution(const EntryHeader& header, const RecordType& type, void* record, Diagnostics& diagnostics,
                         std::vector<ProvenanceItem>& items);

/// Reports every reference to another entry that `exists(kind, id)` denies, with the nearest of
/// `names(kind)`.
class ReferenceChecker : public RecordWalker {
 public:
  explicit ReferenceChecker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}
  void sourced(const std::string&, Attribution&) override {}
  void reference(const std::string& path, std::string_view kind, AnyReference& reference) override;

 protected:
  virtual bool exists(std::string_view kind, const std::string& id) = 0;
  virtual std::vector<std::string> names(std::string_view kind) = 0;

 private:
  Diagnostics& diagnostics_;
};

}  // namespace orrery
