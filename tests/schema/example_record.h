#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/schema/visit.h"

namespace orrery {

/// Records that hold a field of every kind that the reader knows.
enum class Colour { red, green, blue };
template <>
struct EnumNames<Colour> {
  static constexpr EnumRow<Colour> kRows[] = {
      {Colour::red, "red", "as blood"},
      {Colour::green, "green", "as grass"},
      {Colour::blue, "blue", "as the sky"},
  };
};

struct ThingKind {
  static constexpr std::string_view kName = "thing";
};

struct PartRecord {
  std::string label;
  Sourced<Bytes> size;
  std::optional<Seconds> delay;
  Place place;
};
constexpr RecordName record_name(const PartRecord*) { return {"Part", "One part of an example"}; }
template <class Visitor>
void visit(Visitor& v, PartRecord& r) {
  v.required("label", r.label, "Name for people");
  v.required("size", r.size, "How large", in_range(Bytes(1), Bytes(1e12)));
  v.optional("delay", r.delay, "How late", in_range(Seconds(0), Seconds(10)));
  v.place(r.place);
}

struct ExampleRecord {
  std::string text;
  bool flag = false;
  std::int64_t count = 0;
  std::uint64_t seed = 0;
  double ratio = 0;
  Colour colour = Colour::red;
  BytesPerSecond bandwidth;
  Reference<ThingKind> thing;
  PartRecord part;
  Sourced<double> factor;
  std::optional<Sourced<std::int64_t>> cores;
  std::optional<std::string> note;
  std::vector<std::int64_t> list;
  std::vector<PartRecord> parts;
  std::vector<Named<PartRecord>> by_name;
  std::vector<Named<Sourced<Watts>>> powers;
  Place place;
};
constexpr RecordName record_name(const ExampleRecord*) { return {"Example", "A field of every kind"}; }
template <class Visitor>
void visit(Visitor& v, ExampleRecord& r) {
  v.required("text", r.text, "Any text");
  v.required("flag", r.flag, "Yes or no");
  v.required("count", r.count, "How many", in_range(-5, 100));
  v.required("seed", r.seed, "Of draws");
  v.required("ratio", r.ratio, "A plain number", at_least(0.5));
  v.required("colour", r.colour, "One of three");
  v.required("bandwidth", r.bandwidth, "How fast", in_range(BytesPerSecond(1e6), BytesPerSecond(1e15)));
  v.required("thing", r.thing, "Which thing");
  v.required("part", r.part, "A record within");
  v.required("factor", r.factor, "A number with a source");
  v.optional("cores", r.cores, "Whole, sourced, optional", in_range(1, 64));
  v.optional("note", r.note, "Any text");
  v.optional_list("list", r.list, "Whole numbers");
  v.optional_list("parts", r.parts, "Records");
  v.optional_list("by_name", r.by_name, "Records by name");
  v.optional_list("powers", r.powers, "Quantities by name");
  v.place(r.place);
}

/// The least that an ExampleRecord may hold, a line each.
inline constexpr const char* kLeastExample =
    "text: some words\n"
    "flag: true\n"
    "count: 7\n"
    "seed: 42\n"
    "ratio: 1.5\n"
    "colour: green\n"
    "bandwidth: 3.35 TB/s\n"
    "thing: lamp\n"
    "part: {label: inner, size: 80 GiB}\n"
    "factor: 2\n";

/// The same with every optional field.
inline constexpr const char* kFullExample =
    "text: \"quoted: 'twice' # no comment\"\n"
    "flag: false\n"
    "count: -5\n"
    "seed: 18446744073709551615\n"
    "ratio: 0.5\n"
    "colour: blue\n"
    "bandwidth: 1.1 GB/s\n"
    "thing: lamp\n"
    "part: {label: inner, size: {value: 80 GiB, status: datasheet, source: sheet, note: \"a, b: c\"}, delay: 12 ms}\n"
    "factor: {value: 0.1, status: assumed}\n"
    "cores: {value: 16, source: sheet}\n"
    "note: \"\"\n"
    "list: [1, 2, 3]\n"
    "parts:\n"
    "  - {label: first, size: 1 B}\n"
    "  - {label: second, size: 2 B}\n"
    "by_name:\n"
    "  chat: {label: third, size: 3 B}\n"
    "  \"a b\": {label: fourth, size: 4 B, delay: 0 s}\n"
    "powers:\n"
    "  idle: 70 W\n"
    "  peak: {value: 700 W, note: all of it}\n";

}  // namespace orrery
