#include "orrery/memory/memory_trace.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "example_accesses.h"
#include "orrery/base/file.h"
#include "orrery/memory/patterns.h"

namespace orrery {
namespace {

using namespace std::string_literals;

static_assert(sizeof(MemoryAccess) == 24);

/// 16 GiB: 64 pseudo channels of 256 MiB, two ticks per clock.
DramDevice device() {
  DramDevice device = example_device("hbm3");
  device.channels = 32;
  return device;
}
AddressMapping mapping() { return AddressMapping::parse("default", device(), 64).value(); }

std::optional<MemoryTrace> read(std::string text, Diagnostics& diagnostics,
                                std::optional<MemoryTraceFormat> format = std::nullopt) {
  return read_memory_trace_text("t.trace", std::move(text), device(), mapping(), format, diagnostics);
}

MemoryTrace accepted(std::string text) {
  Diagnostics diagnostics;
  auto trace = read(std::move(text), diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.sorted()) ADD_FAILURE() << to_text(diagnostic);
  return trace.value_or(MemoryTrace{});
}

/// "line:column code: message" of each finding.
std::vector<std::string> refused(std::string text, std::optional<MemoryTraceFormat> format = std::nullopt) {
  Diagnostics diagnostics;
  EXPECT_FALSE(read(std::move(text), diagnostics, format));
  std::vector<std::string> problems;
  for (const Diagnostic& d : diagnostics.sorted()) {
    problems.push_back(fmt::format("{}:{} {}: {}", d.place.line, d.place.column, d.code, d.message));
  }
  return problems;
}

/// The accesses of all units as "burst R|W tick", unit by unit.
std::vector<std::string> listed(const MemoryTrace& trace) {
  std::vector<std::string> list;
  for (std::size_t unit = 0; unit < trace.units.size(); ++unit) {
    for (const MemoryAccess& a : trace.units[unit]) {
      const Location location{static_cast<std::int32_t>(unit), a.rank, a.group, a.bank, a.row, a.column};
      list.push_back(fmt::format("{} {} {}", mapping().encode(location), a.write ? 'W' : 'R', a.tick));
    }
  }
  return list;
}

using Strings = std::vector<std::string>;

TEST(MemoryTrace, ReadsPlainLinesWithCycles) {
  const MemoryTrace trace = accepted(
      "# a comment\n"
      "\n"
      "64 R 0\n"
      "  0x3f\tW 10   # the burst before\r\n"
      "0X400 R 10#\n"
      "17179869183 R 4000000000");
  EXPECT_EQ(trace.format, MemoryTraceFormat::plain);
  EXPECT_EQ(listed(trace), (Strings{"2 R 0", "1 W 20", "32 R 20", "536870911 R 8000000000"}));
  EXPECT_EQ(trace.reads, 3);
  EXPECT_EQ(trace.writes, 1);
  EXPECT_TRUE(trace.has_cycles);
  EXPECT_EQ(trace.last_tick, 8'000'000'000);
  EXPECT_EQ(trace.units.size(), 64);
}

TEST(MemoryTrace, ReadsPlainLinesWithoutCycles) {
  const MemoryTrace trace = accepted(
      "\xef\xbb\xbf"
      "32 R\n64 W\n");
  EXPECT_EQ(listed(trace), (Strings{"1 R 0", "2 W 0"}));
  EXPECT_FALSE(trace.has_cycles);
}

TEST(MemoryTrace, ReadsTheLoadsAndStoresOfRamulator) {
  const MemoryTrace trace = accepted("LD 0x40\nST 4096\n");
  EXPECT_EQ(trace.format, MemoryTraceFormat::load_store);
  EXPECT_EQ(listed(trace), (Strings{"2 R 0", "128 W 0"}));
}

TEST(MemoryTrace, ReadsThePlacesOfRamulator) {
  // Channel, pseudo channel, group, bank, row, column; the only rank may be named.
  const MemoryTrace trace = accepted("R 3,1,2,0,100,31\nW 3,1,0,2,0,100,31\n");
  EXPECT_EQ(trace.format, MemoryTraceFormat::coordinates);
  ASSERT_EQ(trace.units[7].size(), 2);
  for (const MemoryAccess& access : trace.units[7]) {
    EXPECT_EQ(access.group, 2);
    EXPECT_EQ(access.bank, 0);
    EXPECT_EQ(access.row, 100);
    EXPECT_EQ(access.column, 31);
  }
  EXPECT_FALSE(trace.units[7][0].write);
  EXPECT_TRUE(trace.units[7][1].write);
}

TEST(MemoryTrace, ReadsPlacesOfStandardsWithoutPseudoChannelsAndRanks) {
  const DramDevice gddr6 = example_device("gddr6");
  const AddressMapping two = AddressMapping::parse("default", gddr6, 2).value();
  Diagnostics diagnostics;
  for (const std::string_view place : {"0,1,2,100,32", "0,0,1,2,100,32", "0,0,0,1,2,100,32"}) {
    const auto trace = read_memory_trace_text("t", fmt::format("R {}", place), gddr6, two, std::nullopt, diagnostics);
    ASSERT_TRUE(trace) << place;
    EXPECT_EQ(trace->units[0][0].group, 1);
    EXPECT_EQ(trace->units[0][0].bank, 2);
    EXPECT_EQ(trace->units[0][0].row, 100);
    EXPECT_EQ(trace->units[0][0].column, 32);
  }
}

TEST(MemoryTrace, ReadsTheLinesOfDramsim3) {
  const MemoryTrace trace = accepted(
      "0x40 READ 5\n0x80 WRITE 5\nc0 write 6\n0x100 P_MEM_WR 7\n0x120 BOFF 8\n0x140 P_MEM_RD 9\n0x160 P_FETCH 9\n");
  EXPECT_EQ(trace.format, MemoryTraceFormat::dramsim3);
  EXPECT_EQ(trace.reads, 3);
  EXPECT_EQ(trace.writes, 4);
  EXPECT_EQ(trace.last_tick, 18);
  EXPECT_EQ(trace.units[0][0].tick, 10);
}

TEST(MemoryTrace, RefusesAnAddressBeyondTheMemory) {
  EXPECT_EQ(refused("0x3ffffffff R\n0x400000000 R\n17179869184 W\n99999999999999999999999 W\n"),
            (Strings{"2:1 invalid-trace-row: address 0x400000000 is beyond the 16 GiB of the memory; the last is "
                     "0x3ffffffff",
                     "3:1 invalid-trace-row: address 17179869184 is beyond the 16 GiB of the memory; the last is "
                     "17179869183",
                     "4:1 invalid-trace-row: address 99999999999999999999999 is beyond the 16 GiB of the memory; the "
                     "last is 17179869183"}));
  EXPECT_EQ(refused("0x400000000 READ 0\n").size(), 1);
  EXPECT_EQ(refused("LD 0x400000000\n").size(), 1);
}

TEST(MemoryTrace, RefusesAPlaceThatDoesNotExist) {
  EXPECT_EQ(
      refused("R 32,0,0,0,0,0\nR 0,0,4,0,0,0\nR 0,0,0,0,16384,0\nR 0,0,0,0,0\nR 0,0,0,0,0,0,0,0\nR 0,,1\n"
              "R 0,0,0,-1,0,0\nW\n"),
      (Strings{"1:3 invalid-trace-row: channel 32 is beyond the last, which is 31",
               "2:7 invalid-trace-row: group 4 is beyond the last, which is 3",
               "3:11 invalid-trace-row: row 16384 is beyond the last, which is 16383",
               "4:3 invalid-trace-row: a place has not 5 numbers; its levels are channel (32), pseudo channel (2), "
               "rank (1), group (4), bank (4), row (16384), column (32); those of one may be left out but for "
               "channel, bank, row and column",
               "5:3 invalid-trace-row: a place has not 8 numbers; its levels are channel (32), pseudo channel (2), "
               "rank (1), group (4), bank (4), row (16384), column (32); those of one may be left out but for "
               "channel, bank, row and column",
               "6:3 invalid-trace-row: '0,,1' is not a place like 0,1,2,100,32",
               "7:3 invalid-trace-row: '0,0,0,-1,0,0' is not a place like 0,1,2,100,32",
               "8:2 invalid-trace-row: a place like 0,1,2,100,32 is missing"}));
}

TEST(MemoryTrace, RefusesCyclesThatGoBackwards) {
  EXPECT_EQ(refused("0 R 5\n0 R 7\n0 R 6\n0 R 7\n0 R 1\n"),
            (Strings{"3:5 unsorted-trace: cycle 6 lies before cycle 7 of line 2; 1 more row goes backwards"}));
}

TEST(MemoryTrace, RefusesWhatIsNoField) {
  EXPECT_EQ(
      refused("0 R 5\n"
              "0 r 5\n"
              "x R 5\n"
              "-1 R 5\n"
              "0x R 5\n"
              "12x R 5\n"
              "0 R 5.5\n"
              "0 R -5\n"
              "0 R\n"
              "0\n"
              "0 R 5 6\n"
              "0 R 5,6\n"
              "0,1 R 5\n"
              "0 R 4611686018427387904\n"),
      (Strings{"2:3 invalid-trace-row: 'r' is not R or W",
               "3:1 invalid-trace-row: 'x' is not an address like 4096 or 0x1000",
               "4:1 invalid-trace-row: '-1' is not an address like 4096 or 0x1000",
               "5:1 invalid-trace-row: '0x' is not a hexadecimal address",
               "6:1 invalid-trace-row: '12x' is not an address like 4096 or 0x1000",
               "7:5 invalid-trace-row: '5.5' is not a cycle, which is a whole number",
               "8:5 invalid-trace-row: '-5' is not a cycle, which is a whole number",
               "9:4 invalid-trace-row: a cycle is missing, but line 1 has one",
               "10:2 invalid-trace-row: R or W is missing", "11:7 invalid-trace-row: '6' follows the end of the row",
               "12:5 invalid-trace-row: '5,6' is not a cycle, which is a whole number",
               "13:1 invalid-trace-row: '0,1' is not an address like 4096 or 0x1000",
               "14:5 invalid-trace-row: cycle 4611686018427387904 is beyond the last that can be counted, "
               "2305843009213693952"}));
  EXPECT_EQ(refused("0 R\n0 R 5\n"), (Strings{"2:5 invalid-trace-row: a cycle stands here, but none in line 1"}));
  EXPECT_EQ(refused("0x0 READ\n"), (Strings{"1:9 invalid-trace-row: a cycle is missing"}));
  EXPECT_EQ(refused("0x0 READ 1\n0x0 REED 1\n"), (Strings{"2:5 invalid-trace-row: 'REED' is not READ or WRITE"}));
  EXPECT_EQ(refused("LD 0\nLOAD 0\nLD\n"),
            (Strings{"2:1 invalid-trace-row: 'LOAD' is not LD or ST",
                     "3:3 invalid-trace-row: an address like 4096 or 0x1000 is missing"}));
}

TEST(MemoryTrace, ShowsTheFirstTwentyBadRows) {
  std::string text = "0 R\n";
  for (int i = 0; i < 50; ++i) text += "bad R\n";
  const Strings problems = refused(text);
  ASSERT_EQ(problems.size(), 21);
  EXPECT_EQ(problems[20], "22:1 invalid-trace-row: 30 more rows cannot be read, from here on");
}

TEST(MemoryTrace, RefusesAFirstLineThatShowsNoFormat) {
  EXPECT_EQ(refused("# mine\naddress,kind\n1,R\n"),
            (Strings{"2:1 unknown-trace-format: the first line shows no format that is known"}));
  EXPECT_EQ(refused("0x40 X 5\n").size(), 1);
  // With a format, the line is a bad row of that format.
  EXPECT_EQ(refused("0x40 X 5\n", MemoryTraceFormat::plain), (Strings{"1:6 invalid-trace-row: 'X' is not R or W"}));
}

TEST(MemoryTrace, RefusesATraceWithoutAccesses) {
  for (const std::string_view text : {"", "\n\n", "# nothing\n", "# nothing"}) {
    EXPECT_EQ(refused(std::string(text)), (Strings{"0:0 empty-trace: it holds no accesses"}));
    EXPECT_EQ(refused(std::string(text), MemoryTraceFormat::plain), (Strings{"0:0 empty-trace: it holds no accesses"}));
  }
}

TEST(MemoryTrace, ReadsFilesAndWhatIsPackedInThem) {
  const std::string path = testing::TempDir() + "orrery-memory-trace.txt";
  ASSERT_TRUE(write_file_atomically(path, "0x40 R 1\n0x80 W 2\n"));
  Diagnostics diagnostics;
  const auto trace = read_memory_trace(path, device(), mapping(), std::nullopt, diagnostics);
  ASSERT_TRUE(trace);
  EXPECT_EQ(listed(*trace), (Strings{"2 R 2", "4 W 4"}));

  const std::string packed = path + ".gz";
  // gzip of the same text
  ASSERT_TRUE(write_file_atomically(
      packed,
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x33\xa8\x30\x31\x50\x08\x52\x30\xe4\x32\xa8\xb0\x30\x50\x08\x57\x30\xe2\x02\x00\xcd\x62\x10\x51\x12\x00\x00\x00"s));
  const auto unpacked = read_memory_trace(packed, device(), mapping(), std::nullopt, diagnostics);
  ASSERT_TRUE(unpacked);
  EXPECT_EQ(listed(*unpacked), listed(*trace));

  EXPECT_FALSE(read_memory_trace(path + ".absent", device(), mapping(), std::nullopt, diagnostics));
  EXPECT_EQ(diagnostics.sorted().at(0).code, "unreadable-file");
  std::filesystem::remove(path);
  std::filesystem::remove(packed);
}

TEST(MemoryTrace, APatternThatIsWrittenAsATraceIsReadBack) {
  const AddressMapping one = AddressMapping::parse("default", device(), 1).value();
  auto source = make_access_pattern("mixed", device(), one, {.blocks = 500, .load = 0.4}).value();
  std::vector<MemoryAccess> accesses(1000);
  ASSERT_EQ(source->next(accesses), 1000);
  std::string text;
  for (MemoryAccess& access : accesses) {
    access.tick -= access.tick % 2;  // traces count clocks
    const std::int64_t burst = one.encode({0, access.rank, access.group, access.bank, access.row, access.column});
    text += fmt::format("{:#x} {} {}\n", burst * 32, access.write ? 'W' : 'R', access.tick / 2);
  }
  Diagnostics diagnostics;
  const auto trace = read_memory_trace_text("t", text, device(), one, std::nullopt, diagnostics);
  ASSERT_TRUE(trace);
  ListSource list(trace->units[0]);
  std::vector<MemoryAccess> read_back(1001);
  ASSERT_EQ(list.next(std::span(read_back).first(600)), 600);
  ASSERT_EQ(list.next(std::span(read_back).subspan(600)), 400);
  for (std::size_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(read_back[i].tick, accesses[i].tick);
    EXPECT_EQ(read_back[i].row, accesses[i].row);
    EXPECT_EQ(read_back[i].column, accesses[i].column);
    EXPECT_EQ(read_back[i].bank, accesses[i].bank);
    EXPECT_EQ(read_back[i].group, accesses[i].group);
    EXPECT_EQ(read_back[i].write, accesses[i].write);
  }
}

}  // namespace
}  // namespace orrery
