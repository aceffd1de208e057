#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "orrery/base/result.h"
#include "orrery/memory/access_source.h"

namespace orrery {

/// One burst that waits in a controller.
struct WaitingRequest {
  std::int64_t stamp = 0;   ///< tick of its arrival
  std::uint32_t order = 0;  ///< of arrival, unique among those that wait
  std::int32_t row = 0;
  std::int32_t column = 0;
  std::int16_t next_of_bank = -1;
  std::int16_t previous_of_bank = -1;
  std::int16_t next = -1;  ///< by arrival, same direction
  std::int16_t previous = -1;
  std::uint8_t bank = 0;  ///< in the unit
  bool write = false;
};

/// The read and the write queue of one unit, each a FIFO for each bank. Knows of every bank the oldest request
/// for its open row (a hit) and the oldest for another one (a miss; all requests of a closed bank).
class RequestQueue {
 public:
  static constexpr std::int16_t kNone = -1;
  static constexpr int kMostBanks = 64;
  static constexpr std::int32_t kClosed = -1;

  explicit RequestQueue(int entries) : requests_(static_cast<std::size_t>(entries)) {
    ORRERY_CHECK(entries <= INT16_MAX);
    for (int i = entries - 1; i >= 0; --i) free_.push_back(static_cast<std::int16_t>(i));
    open_row_.fill(kClosed);
  }

  const WaitingRequest& operator[](std::int16_t index) const { return requests_[static_cast<std::size_t>(index)]; }
  int size(bool write) const { return directions_[write].size; }
  std::uint64_t hit_banks(bool write) const { return directions_[write].hit_banks; }
  std::uint64_t miss_banks(bool write) const { return directions_[write].miss_banks; }
  std::int16_t oldest_hit(bool write, int bank) const { return directions_[write].hit[at(bank)]; }
  std::int16_t oldest_miss(bool write, int bank) const { return directions_[write].miss[at(bank)]; }
  /// Their order of arrival. Pre: there is one.
  std::uint32_t order_of_hit(bool write, int bank) const { return directions_[write].hit_order[at(bank)]; }
  std::uint32_t order_of_miss(bool write, int bank) const { return directions_[write].miss_order[at(bank)]; }
  std::uint64_t closed_banks() const { return closed_banks_; }
  /// Of a direction, whatever the bank; kNone when nothing waits.
  std::int16_t oldest(bool write) const { return directions_[write].oldest; }
  std::int32_t open_row(int bank) const { return open_row_[at(bank)]; }

  /// A waiting request of that place, or kNone.
  std::int16_t find(bool write, int bank, std::int32_t row, std::int32_t column) const {
    if (write && written_[place_of(bank, row, column)] == 0) return kNone;
    for (std::int16_t i = directions_[write].head[at(bank)]; i != kNone; i = (*this)[i].next_of_bank) {
      if ((*this)[i].row == row && (*this)[i].column == column) return i;
    }
    return kNone;
  }

  std::int16_t push(const MemoryAccess& access, int bank, std::int64_t stamp, std::uint32_t order) {
    const std::int16_t index = free_.back();
    free_.pop_back();
    WaitingRequest& request = requests_[at(index)];
    Direction& direction = directions_[access.write];
    request.stamp = stamp;
    request.order = order;
    request.row = access.row;
    request.column = access.column;
    request.bank = static_cast<std::uint8_t>(bank);
    request.write = access.write;
    if (access.write) ++written_[place_of(bank, access.row, access.column)];
    append(direction, index);
    ++direction.size;
    note_waiting(direction, bank, index);
    return index;
  }

  /// Takes a request out of its queue; it stays readable until `release`.
  void remove(std::int16_t index) {
    const WaitingRequest& request = requests_[at(index)];
    Direction& direction = directions_[request.write];
    const int bank = request.bank;
    if (direction.hit[at(bank)] == index) {
      set_hit(direction, bank, next_hit(request.next_of_bank, open_row_[at(bank)]));
    } else if (direction.miss[at(bank)] == index) {
      set_miss(direction, bank, next_miss(request.next_of_bank, open_row_[at(bank)]));
    }
    if (request.write) --written_[place_of(bank, request.row, request.column)];
    unlink(direction, request);
    --direction.size;
  }
  void release(std::int16_t index) { free_.push_back(index); }
  /// Takes all out.
  void clear(bool write) {
    Direction& direction = directions_[write];
    for (std::int16_t i = direction.oldest; i != kNone; i = (*this)[i].next) {
      if (write) --written_[place_of((*this)[i].bank, (*this)[i].row, (*this)[i].column)];
      release(i);
    }
    direction = {};
  }
  bool has_miss(bool write, int bank) const { return (directions_[write].miss_banks >> bank & 1) != 0; }

  void open(int bank, std::int32_t row) {
    open_row_[at(bank)] = row;
    closed_banks_ &= ~(std::uint64_t{1} << bank);
    for (Direction& direction : directions_) {
      set_hit(direction, bank, next_hit(direction.head[at(bank)], row));
      set_miss(direction, bank, next_miss(direction.head[at(bank)], row));
    }
  }
  /// Pre: nobody waits.
  void reopen(int bank, std::int32_t row) {
    open_row_[at(bank)] = row;
    closed_banks_ &= ~(std::uint64_t{1} << bank);
  }
  void close(int bank) {
    open_row_[at(bank)] = kClosed;
    closed_banks_ |= std::uint64_t{1} << bank;
    for (Direction& direction : directions_) {
      set_hit(direction, bank, kNone);
      set_miss(direction, bank, direction.head[at(bank)]);
    }
  }

 private:
  struct Direction {
    Direction() {
      for (auto* ends : {&head, &tail, &hit, &miss}) ends->fill(kNone);
    }
    std::array<std::int16_t, kMostBanks> head, tail, hit, miss;
    std::array<std::uint32_t, kMostBanks> hit_order{}, miss_order{};
    std::uint64_t hit_banks = 0;
    std::uint64_t miss_banks = 0;
    std::int16_t oldest = kNone;
    std::int16_t youngest = kNone;
    int size = 0;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  /// Where the writes to a place, and to some others, are counted.
  static std::size_t place_of(int bank, std::int32_t row, std::int32_t column) {
    const std::uint32_t mixed =
        (static_cast<std::uint32_t>(row) * 64 + static_cast<std::uint32_t>(bank)) * 0x9e3779b1U +
        static_cast<std::uint32_t>(column) * 0x85ebca77U;
    return mixed >> (32 - kPlaceBits);
  }

  void set_hit(Direction& direction, int bank, std::int16_t index) {
    direction.hit[at(bank)] = index;
    if (index != kNone) direction.hit_order[at(bank)] = (*this)[index].order;
    direction.hit_banks = with_bit(direction.hit_banks, bank, index != kNone);
  }
  void set_miss(Direction& direction, int bank, std::int16_t index) {
    direction.miss[at(bank)] = index;
    if (index != kNone) direction.miss_order[at(bank)] = (*this)[index].order;
    direction.miss_banks = with_bit(direction.miss_banks, bank, index != kNone);
  }
  static std::uint64_t with_bit(std::uint64_t mask, int bank, bool set) {
    return (mask & ~(std::uint64_t{1} << bank)) | (std::uint64_t{set} << bank);
  }

  void note_waiting(Direction& direction, int bank, std::int16_t index) {
    if (open_row_[at(bank)] == (*this)[index].row) {
      if (direction.hit[at(bank)] == kNone) set_hit(direction, bank, index);
    } else if (direction.miss[at(bank)] == kNone) {
      set_miss(direction, bank, index);
    }
  }
  std::int16_t next_hit(std::int16_t from, std::int32_t row) const {
    while (from != kNone && (*this)[from].row != row) from = (*this)[from].next_of_bank;
    return from;
  }
  std::int16_t next_miss(std::int16_t from, std::int32_t row) const {
    while (from != kNone && (*this)[from].row == row) from = (*this)[from].next_of_bank;
    return from;
  }

  void append(Direction& direction, std::int16_t index) {
    WaitingRequest& request = requests_[at(index)];
    request.next = request.next_of_bank = kNone;
    request.previous = direction.youngest;
    if (direction.youngest == kNone) {
      direction.oldest = index;
    } else {
      requests_[at(direction.youngest)].next = index;
    }
    direction.youngest = index;
    std::int16_t& tail = direction.tail[request.bank];
    request.previous_of_bank = tail;
    if (tail == kNone) {
      direction.head[request.bank] = index;
    } else {
      requests_[at(tail)].next_of_bank = index;
    }
    tail = index;
  }
  void unlink(Direction& direction, const WaitingRequest& request) {
    (request.previous == kNone ? direction.oldest : requests_[at(request.previous)].next) = request.next;
    (request.next == kNone ? direction.youngest : requests_[at(request.next)].previous) = request.previous;
    (request.previous_of_bank == kNone ? direction.head[request.bank]
                                       : requests_[at(request.previous_of_bank)].next_of_bank) = request.next_of_bank;
    (request.next_of_bank == kNone ? direction.tail[request.bank]
                                   : requests_[at(request.next_of_bank)].previous_of_bank) = request.previous_of_bank;
  }

  std::vector<WaitingRequest> requests_;
  std::vector<std::int16_t> free_;
  std::array<std::int32_t, kMostBanks> open_row_;
  std::uint64_t closed_banks_ = ~std::uint64_t{0};
  std::array<Direction, 2> directions_;
  static constexpr int kPlaceBits = 10;
  std::array<std::uint16_t, std::size_t{1} << kPlaceBits> written_{};
};

}  // namespace orrery
