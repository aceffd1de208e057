# shellcheck shell=bash disable=SC2034
# The Debian 12 packages that each command of ./dev needs, and their installation. Sourced by ./dev.

build_packages=(g++ cmake ninja-build ccache mold libcli11-dev libfmt-dev libmuparser-dev libnlopt-dev librandom123-dev
                libsimdjson-dev libsqlite3-dev libyaml-cpp-dev zlib1g-dev)
test_packages=(libgtest-dev libgmock-dev librapidcheck-dev python3 sqlite3)
check_packages=(clang-19 clang-format-19 clang-tidy-19)
bench_packages=(libbenchmark-dev)
fuzz_packages=(clang-19 libclang-rt-19-dev)

# install PACKAGE...: installs what is missing; asks apt nothing when all are there.
install() {
  command -v dpkg-query >/dev/null || return 0  # not a Debian: CMake names what it does not find
  local missing
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]})) || return 0

  local as_root=()
  if ((EUID != 0)); then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      as_root=(sudo -n)
    else
      fail "missing packages: ${missing[*]}
Install them as root, then run this again:
  apt-get update && apt-get install -y --no-install-recommends --no-remove ${missing[*]}"
    fi
  fi
  note "installing ${missing[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  "${apt[@]}" update >&2 </dev/null || note "apt-get update failed; trying the package lists at hand"
  "${apt[@]}" install -y --no-install-recommends --no-remove "${missing[@]}" >&2 </dev/null ||
    fail "apt-get could not install: ${missing[*]}"
}

# missing_packages PACKAGE...: those that are not installed, one a line.
missing_packages() {
  local installed
  # shellcheck disable=SC2016  # the format is dpkg's own
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  printf '%s\n' "$@" | sort -u | while read -r package; do
    grep -qxF "installed $package" <<<"$installed" || echo "$package"
  done
}
