#include "orrery/memory/request_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <list>

namespace orrery {
namespace {

constexpr std::int16_t kNone = RequestQueue::kNone;

MemoryAccess access_to(std::int32_t row, std::int32_t column, bool write) {
  MemoryAccess access;
  access.row = row;
  access.column = column;
  access.write = write;
  return access;
}

TEST(RequestQueue, TheOldestOfAnOpenRowIsItsHit) {
  RequestQueue queue(8);
  const std::int16_t first = queue.push(access_to(1, 0, false), 3, 10, 0);
  const std::int16_t second = queue.push(access_to(2, 0, false), 3, 11, 1);
  const std::int16_t third = queue.push(access_to(2, 1, false), 3, 12, 2);
  EXPECT_EQ(queue.oldest_hit(false, 3), kNone);
  EXPECT_EQ(queue.oldest_miss(false, 3), first);
  queue.open(3, 2);
  EXPECT_EQ(queue.oldest_hit(false, 3), second);
  EXPECT_EQ(queue.oldest_miss(false, 3), first);
  EXPECT_EQ(queue.hit_banks(false), 8U);
  queue.remove(second);
  EXPECT_EQ(queue.oldest_hit(false, 3), third);
  queue.close(3);
  EXPECT_EQ(queue.oldest_hit(false, 3), kNone);
  EXPECT_EQ(queue.hit_banks(false), 0U);
}

TEST(RequestQueue, ReadsAndWritesWaitApart) {
  RequestQueue queue(8);
  queue.open(0, 5);
  const std::int16_t read = queue.push(access_to(5, 0, false), 0, 1, 0);
  const std::int16_t write = queue.push(access_to(5, 0, true), 0, 1, 1);
  EXPECT_EQ(queue.size(false), 1);
  EXPECT_EQ(queue.size(true), 1);
  EXPECT_EQ(queue.oldest_hit(false, 0), read);
  EXPECT_EQ(queue.oldest_hit(true, 0), write);
  EXPECT_EQ(queue.find(true, 0, 5, 0), write);
  EXPECT_EQ(queue.find(true, 0, 5, 1), kNone);
  EXPECT_EQ(queue.find(true, 1, 5, 0), kNone);
}

TEST(RequestQueue, ARemovedRequestStaysReadableUntilItIsReleased) {
  RequestQueue queue(1);
  const std::int16_t request = queue.push(access_to(7, 3, true), 2, 99, 0);
  queue.remove(request);
  EXPECT_EQ(queue.size(true), 0);
  EXPECT_EQ(queue[request].row, 7);
  EXPECT_EQ(queue[request].stamp, 99);
  queue.release(request);
  EXPECT_EQ(queue.push(access_to(8, 0, false), 0, 100, 1), request);
}

// ---- against plain lists

struct Waiting {
  std::int16_t index;
  int bank;
  std::int32_t row;
  std::int32_t column;
  bool write;
  std::uint32_t order;
};

class PlainQueue {
 public:
  std::int16_t oldest(bool write, int bank, bool hit) const {
    for (const Waiting& one : waiting) {
      if (one.write == write && one.bank == bank && (open[static_cast<std::size_t>(bank)] == one.row) == hit) {
        return one.index;
      }
    }
    return kNone;
  }
  std::list<Waiting> waiting;  ///< by arrival
  std::array<std::int32_t, 4> open{-1, -1, -1, -1};
};

void check_equal(const RequestQueue& queue, const PlainQueue& plain) {
  for (const bool write : {false, true}) {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    for (int bank = 0; bank < 4; ++bank) {
      const std::int16_t hit = plain.oldest(write, bank, true);
      const std::int16_t miss = plain.oldest(write, bank, false);
      RC_ASSERT(queue.oldest_hit(write, bank) == hit);
      RC_ASSERT(queue.oldest_miss(write, bank) == miss);
      if (hit != kNone) RC_ASSERT(queue.order_of_hit(write, bank) == queue[hit].order);
      if (miss != kNone) RC_ASSERT(queue.order_of_miss(write, bank) == queue[miss].order);
      hits |= std::uint64_t{hit != kNone} << bank;
      misses |= std::uint64_t{miss != kNone} << bank;
    }
    RC_ASSERT(queue.hit_banks(write) == hits);
    RC_ASSERT(queue.miss_banks(write) == misses);
    const auto first = std::find_if(plain.waiting.begin(), plain.waiting.end(),
                                    [&](const Waiting& one) { return one.write == write; });
    RC_ASSERT(queue.oldest(write) == (first == plain.waiting.end() ? kNone : first->index));
    RC_ASSERT(queue.size(write) == std::count_if(plain.waiting.begin(), plain.waiting.end(),
                                                 [&](const Waiting& one) { return one.write == write; }));
  }
  for (const Waiting& one : plain.waiting) {
    const std::int16_t found = queue.find(one.write, one.bank, one.row, one.column);
    RC_ASSERT(found != kNone && queue[found].row == one.row && queue[found].column == one.column);
  }
}

RC_GTEST_PROP(RequestQueue, DoesWhatPlainListsDo, (const std::vector<std::uint16_t>& choices)) {
  constexpr int kEntries = 24;
  RequestQueue queue(kEntries);
  PlainQueue plain;
  std::uint32_t order = 0xfffffff0;  // runs over
  for (const std::uint16_t choice : choices) {
    const int bank = choice >> 3 & 3;
    const std::int32_t row = choice >> 5 & 3;
    if ((choice & 7) < 4 && std::ssize(plain.waiting) < kEntries) {
      const MemoryAccess access = access_to(row, choice >> 7 & 7, (choice >> 10 & 1) != 0);
      const std::int16_t index = queue.push(access, bank, order, order);
      plain.waiting.push_back({index, bank, row, access.column, access.write, order});
      ++order;
    } else if ((choice & 7) < 6 && !plain.waiting.empty()) {
      auto one = plain.waiting.begin();
      std::advance(one, choice / 8 % plain.waiting.size());
      queue.remove(one->index);
      queue.release(one->index);
      plain.waiting.erase(one);
    } else if ((choice & 7) == 6) {
      queue.open(bank, row);
      plain.open[static_cast<std::size_t>(bank)] = row;
    } else {
      queue.close(bank);
      plain.open[static_cast<std::size_t>(bank)] = -1;
    }
    check_equal(queue, plain);
  }
}

}  // namespace
}  // namespace orrery
