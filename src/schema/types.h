#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "orrery/schema/type.h"

namespace orrery {

/// What a record is called in the schema and the reference page.
struct RecordName {
  std::string_view name;
  std::string_view help;
};

template <class R>
const RecordType& record_type();

template <class R>
concept Record = requires(const R* r) {
  { record_name(r) } -> std::same_as<RecordName>;
};

template <class T>
const Type& type_of();

// The types without parameters; see types.cpp.
const Type& text_type();
const Type& boolean_type();
const Type& integer_type();
const Type& unsigned_type();
const Type& number_type();
/// Quantities of any dimension share one implementation: a Quantity is one double.
std::unique_ptr<const Type> make_quantity_type(const Dimension& dimension);
/// A reference to an entry of a catalog kind. Pre: `kind` outlives the type.
std::unique_ptr<const Type> make_reference_type(std::string_view kind);

/// The words of an enumeration, type-erased.
struct EnumWords {
  std::vector<EnumRow<int>> rows;
};
class EnumTypeBase : public Type {
 public:
  explicit EnumTypeBase(EnumWords words) : words_(std::move(words)) {}
  bool read(const Node&, void*, const Range&, ReadContext&) const override;
  Node write(const void*) const override;
  std::string description() const override;
  void schema(JsonWriter&) const override;

 protected:
  virtual void set(void* value, int number) const = 0;
  virtual int get(const void* value) const = 0;

 private:
  EnumWords words_;
};

template <class E>
class EnumType final : public EnumTypeBase {
 public:
  EnumType() : EnumTypeBase(words()) {}

 protected:
  void set(void* value, int number) const override { *static_cast<E*>(value) = static_cast<E>(number); }
  int get(const void* value) const override { return static_cast<int>(*static_cast<const E*>(value)); }

 private:
  static EnumWords words() {
    EnumWords result;
    for (const auto& row : EnumNames<E>::kRows)
      result.rows.push_back({static_cast<int>(row.value), row.name, row.help});
    return result;
  }
};

template <class R>
class RecordValueType final : public Type {
 public:
  bool read(const Node& node, void* value, const Range&, ReadContext& context) const override {
    return record_type<R>().read(node, value, context);
  }
  Node write(const void* value) const override { return record_type<R>().write(value); }
  std::string description() const override { return "mapping: " + std::string(record_type<R>().name); }
  void schema(JsonWriter& json) const override { schema_of_reference(json, record_type<R>().name); }
  void walk(void* value, const std::string& path, RecordWalker& walker) const override {
    record_type<R>().walk(value, path, walker);
  }
  const RecordType* record() const override { return &record_type<R>(); }

 private:
  static void schema_of_reference(JsonWriter& json, std::string_view name);
};

/// Writes {"$ref": "#/$defs/NAME"}.
void write_schema_reference(JsonWriter& json, std::string_view name);

template <class R>
void RecordValueType<R>::schema_of_reference(JsonWriter& json, std::string_view name) {
  write_schema_reference(json, name);
}

template <class T>
class OptionalType final : public Type {
 public:
  explicit OptionalType(const Type& inner) : inner_(inner) {}
  bool read(const Node& node, void* value, const Range& range, ReadContext& context) const override {
    return inner_.read(node, &static_cast<std::optional<T>*>(value)->emplace(), range, context);
  }
  Node write(const void* value) const override { return inner_.write(&**static_cast<const std::optional<T>*>(value)); }
  std::string description() const override { return inner_.description(); }
  void schema(JsonWriter& json) const override { inner_.schema(json); }
  void walk(void* value, const std::string& path, RecordWalker& walker) const override {
    auto& optional = *static_cast<std::optional<T>*>(value);
    if (optional) inner_.walk(&*optional, path, walker);
  }
  const RecordType* record() const override { return inner_.record(); }
  bool is_absent(const void* value) const override { return !static_cast<const std::optional<T>*>(value)->has_value(); }

 private:
  const Type& inner_;
};

/// Reads {value, status, source, note} or the plain value; see Sourced.
bool read_sourced(const Node& node, const Type& inner, void* value, Attribution& attribution, const Range& range,
                  ReadContext& context);
/// The plain value where nothing is attributed.
Node write_sourced(Node value, const Attribution& attribution);
void sourced_schema(JsonWriter& json, const Type& inner);

template <class T>
class SourcedType final : public Type {
 public:
  bool read(const Node& node, void* value, const Range& range, ReadContext& context) const override {
    auto& sourced = *static_cast<Sourced<T>*>(value);
    return read_sourced(node, type_of<T>(), &sourced.value, sourced, range, context);
  }
  Node write(const void* value) const override {
    const auto& sourced = *static_cast<const Sourced<T>*>(value);
    return write_sourced(type_of<T>().write(&sourced.value), sourced);
  }
  std::string description() const override { return type_of<T>().description() + ", sourced"; }
  void schema(JsonWriter& json) const override { sourced_schema(json, type_of<T>()); }
  void walk(void* value, const std::string& path, RecordWalker& walker) const override {
    walker.sourced(path, *static_cast<Sourced<T>*>(value));
  }
};

bool expect_kind(const Node& node, Node::Kind kind, ReadContext& context);
void list_schema(JsonWriter& json, const Type& item);
void named_list_schema(JsonWriter& json, const Type& item);

template <class T>
class ListType final : public Type {
 public:
  bool read(const Node& node, void* value, const Range& range, ReadContext& context) const override {
    if (!expect_kind(node, Node::Kind::sequence, context)) return false;
    bool good = true;
    auto& list = *static_cast<std::vector<T>*>(value);
    for (const Node& item : node.items) {
      T element{};
      good &= type_of<T>().read(item, &element, range, context);
      list.push_back(std::move(element));
    }
    return good;
  }
  Node write(const void* value) const override {
    Node node = Node::sequence();
    for (const T& item : *static_cast<const std::vector<T>*>(value)) node.items.push_back(type_of<T>().write(&item));
    return node;
  }
  std::string description() const override { return "list of: " + type_of<T>().description(); }
  void schema(JsonWriter& json) const override { list_schema(json, type_of<T>()); }
  void walk(void* value, const std::string& path, RecordWalker& walker) const override {
    int index = 0;
    for (T& item : *static_cast<std::vector<T>*>(value)) {
      type_of<T>().walk(&item, path + "." + std::to_string(index++), walker);
    }
  }
  const RecordType* record() const override { return type_of<T>().record(); }
  bool is_absent(const void* value) const override { return static_cast<const std::vector<T>*>(value)->empty(); }
};

template <class T>
class NamedListType final : public Type {
 public:
  bool read(const Node& node, void* value, const Range& range, ReadContext& context) const override {
    if (!expect_kind(node, Node::Kind::mapping, context)) return false;
    bool good = true;
    auto& list = *static_cast<std::vector<Named<T>>*>(value);
    for (const Node::Entry& entry : node.entries) {
      Named<T> named{entry.key, entry.place, {}};
      good &= type_of<T>().read(entry.value, &named.value, range, context);
      list.push_back(std::move(named));
    }
    return good;
  }
  Node write(const void* value) const override {
    Node node = Node::mapping();
    for (const auto& named : *static_cast<const std::vector<Named<T>>*>(value)) {
      node.add(named.name, type_of<T>().write(&named.value));
    }
    return node;
  }
  std::string description() const override { return "named " + type_of<T>().description(); }
  void schema(JsonWriter& json) const override { named_list_schema(json, type_of<T>()); }
  void walk(void* value, const std::string& path, RecordWalker& walker) const override {
    for (auto& named : *static_cast<std::vector<Named<T>>*>(value)) {
      type_of<T>().walk(&named.value, path + "." + named.name, walker);
    }
  }
  const RecordType* record() const override { return type_of<T>().record(); }
  bool is_absent(const void* value) const override { return static_cast<const std::vector<Named<T>>*>(value)->empty(); }
};

namespace detail {

template <class T>
struct TypeFor {
  static const Type& get() {
    if constexpr (std::is_same_v<T, std::string>) {
      return text_type();
    } else if constexpr (std::is_same_v<T, bool>) {
      return boolean_type();
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      return integer_type();
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
      return unsigned_type();
    } else if constexpr (std::is_same_v<T, double>) {
      return number_type();
    } else if constexpr (std::is_enum_v<T>) {
      static const EnumType<T> type;
      return type;
    } else {
      static_assert(Record<T>, "a member of a record needs a type that the reader knows");
      static const RecordValueType<T> type;
      return type;
    }
  }
};
template <int... E>
struct TypeFor<Quantity<E...>> {
  static const Type& get() {
    static const std::unique_ptr<const Type> type = make_quantity_type(Dimension{E...});
    return *type;
  }
};
template <class T>
struct TypeFor<std::optional<T>> {
  static const Type& get() {
    static const OptionalType<T> type(type_of<T>());
    return type;
  }
};
template <class T>
struct TypeFor<Sourced<T>> {
  static const Type& get() {
    static const SourcedType<T> type;
    return type;
  }
};
template <class Kind>
struct TypeFor<Reference<Kind>> {
  static const Type& get() {
    static const std::unique_ptr<const Type> type = make_reference_type(Kind::kName);
    return *type;
  }
};
template <class T>
struct TypeFor<std::vector<T>> {
  static const Type& get() {
    static const ListType<T> type;
    return type;
  }
};
template <class T>
struct TypeFor<std::vector<Named<T>>> {
  static const Type& get() {
    static const NamedListType<T> type;
    return type;
  }
};

}  // namespace detail

template <class T>
const Type& type_of() {
  return detail::TypeFor<T>::get();
}

}  // namespace orrery
