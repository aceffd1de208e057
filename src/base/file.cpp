#include "orrery/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace orrery {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string reason() { return std::strerror(errno); }

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return failure(reason());
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failure(reason());
  if (S_ISDIR(status.st_mode)) return failure("it is a directory");
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t size = 0;
  for (;;) {
    if (size == content.size()) content.resize(content.size() + 65536);
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure(reason());
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}

Result<void> write_file_atomically(const std::string& given, std::string_view content) {
  // A link keeps pointing where it does, and what is no file is not replaced by one.
  std::string path = given;
  mode_t mode = 0666;
  struct stat status{};
  if (::stat(given.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) return failure(fmt::format("cannot write {}: it is not a regular file", given));
    mode = status.st_mode & 07777;
    std::error_code error;
    const std::filesystem::path target = std::filesystem::canonical(given, error);
    if (!error) path = target.string();
  }
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  {
    FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
    if (file.get() < 0) return failure(fmt::format("cannot write {}: {}", path, reason()));
    if (!write_all(file.get(), content) || ::fsync(file.get()) != 0) {
      const std::string why = reason();
      ::unlink(temporary.c_str());
      return failure(fmt::format("cannot write {}: {}", path, why));
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const std::string why = reason();
    ::unlink(temporary.c_str());
    return failure(fmt::format("cannot write {}: {}", path, why));
  }
  return {};
}

}  // namespace orrery
