#include "orrery/base/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

#include "orrery/base/file.h"

namespace orrery {
namespace {

constexpr std::size_t kShortestGzip = 18;     // header of 10 bytes, trailer of 8
constexpr std::size_t kGreatestRatio = 1032;  // of deflate: a byte in stands for at most so many out
constexpr std::size_t kSmallestBuffer = 1 << 16;
constexpr std::size_t kSpare = 64;  // at least 1, which shows that nothing follows; more spares readers that pad a copy

/// A zlib stream that is closed with its scope.
class Inflater {
 public:
  Inflater() : ready_(inflateInit2(&stream_, MAX_WBITS + 16) == Z_OK) {}  // + 16: gzip and nothing else
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_;
};

/// The trailer holds the size modulo 2^32, which is only a guess for a corrupt file.
std::size_t first_guess(std::string_view compressed, std::size_t most) {
  std::size_t size = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    size = size << 8 | static_cast<unsigned char>(compressed[compressed.size() - i]);
  }
  size = std::min(size, compressed.size() * kGreatestRatio) + kSpare;
  return std::min(std::max(size, kSmallestBuffer), most);
}

void grow(std::string& text, std::size_t size) {
  text.resize_and_overwrite(size, [](char*, std::size_t count) { return count; });
}

/// zlib counts in 32 bits.
uInt piece(std::size_t size) {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

bool is_gzip(std::string_view content) { return content.starts_with("\x1f\x8b"); }

Result<std::string> inflate_gzip(std::string_view compressed, std::size_t most_bytes) {
  if (!is_gzip(compressed)) return failure("it is not gzip");
  if (compressed.size() < kShortestGzip) return failure("the gzip data is cut off");
  Inflater inflater;
  if (!inflater.ready()) return failure("no memory is left to unpack it");
  // One byte more than allowed shows whether a text that fills it goes on.
  const std::size_t most_buffer = std::min(most_bytes, std::numeric_limits<std::size_t>::max() - 1) + 1;
  std::string text;
  grow(text, first_guess(compressed, most_buffer));
  std::size_t read = 0;
  std::size_t written = 0;
  z_stream& stream = inflater.stream();
  for (;;) {
    const uInt in = piece(compressed.size() - read);
    const uInt out = piece(text.size() - written);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data() + read));  // zlib only reads it
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + written);
    stream.avail_out = out;
    const int status = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += out - stream.avail_out;
    if (written > most_bytes) return failure(fmt::format("it unpacks to more than {} bytes", most_bytes));
    if (status == Z_STREAM_END) {
      const std::string_view rest = compressed.substr(read);
      if (rest.find_first_not_of('\0') == std::string_view::npos) break;
      if (!is_gzip(rest)) return failure(fmt::format("{} bytes that are not gzip follow its end", rest.size()));
      inflateReset(&stream);
    } else if (status == Z_OK || status == Z_BUF_ERROR) {
      if (written == text.size()) {
        grow(text, text.size() > most_buffer / 2 ? most_buffer : text.size() * 2);
      } else if (read == compressed.size()) {
        return failure("the gzip data is cut off");
      }
    } else if (status == Z_MEM_ERROR) {
      return failure("no memory is left to unpack it");
    } else {
      return failure(fmt::format("the gzip data is corrupt ({})", stream.msg != nullptr ? stream.msg : "no detail"));
    }
  }
  text.resize(written);
  return text;
}

Result<std::string> read_unpacked_file(const std::string& path, std::size_t most_bytes) {
  auto content = read_file(path);
  if (content && (path.ends_with(".gz") || is_gzip(*content))) return inflate_gzip(*content, most_bytes);
  return content;
}

}  // namespace orrery
