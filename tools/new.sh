# shellcheck shell=bash
# ./dev new KIND ID: a commented skeleton in the right place. Sourced by ./dev.
# tools/templates/ holds the skeletons; @id@ and @Id@ stand for some_name and SomeName.

new() {
  (($# == 2)) || fail "usage: ./dev new chip|memory|model|policy|layer ID"
  local kind=$1 id=$2
  case $kind in
    chip | memory | model)
      [[ $id =~ ^[a-z0-9][a-z0-9._-]*$ ]] || fail "an id is lower-case letters, digits, '-', '_' and '.': not '$id'"
      from_template "$kind.yaml" "catalog/$kind/$id.yaml"
      ;;
    policy)
      require_cpp_name "$id"
      from_template policy.cpp "src/serving/policies/$id.cpp"
      note "next: list policies/$id.cpp in src/CMakeLists.txt, declare choose_$id in routing_policy.h, add its row to table.cpp"
      ;;
    layer)
      require_cpp_name "$id"
      from_template layer.h "src/$id/$id.h"
      from_template layer.cpp "src/$id/$id.cpp"
      from_template layer_test.cpp "tests/$id/${id}_test.cpp"
      from_template layer.md "docs/layers/$id.md"
      note "next: add to src/CMakeLists.txt, after the layers that it uses:
  orrery_layer($id USES base FILES $id.cpp HEADERS $id.h)"
      ;;
    *) fail "unknown kind '$kind': chip, memory, model, policy or layer" ;;
  esac
}

require_cpp_name() {
  [[ $1 =~ ^[a-z][a-z0-9_]*$ ]] || fail "a name here is lower-case letters, digits and '_': not '$1'"
}

# from_template TEMPLATE FILE, with $id from the caller.
from_template() {
  local template=tools/templates/$1 file=$2 camel
  [[ -e $template ]] || fail "no template $template"
  [[ ! -e $file ]] || fail "$file exists already"
  camel=$(sed -E 's/(^|[-_.])([a-z0-9])/\u\2/g' <<<"$id")
  mkdir -p "$(dirname "$file")"
  sed -e "s/@id@/$id/g" -e "s/@Id@/$camel/g" "$template" >"$file"
  echo "$file"
}
