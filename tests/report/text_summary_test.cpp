#include "orrery/report/text_summary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "example_results.h"
#include "orrery/report/human_text.h"

namespace orrery {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(TextSummary, ShowsOneRunOnOnePage) {
  EXPECT_EQ(text_summary(example_results(), {}), R"(two-chats
How long does a user wait?
1,000 requests in 60.0 min: 990 completed, 10 rejected (too long)
  chat -> main: trace conversation.csv.gz (azure-csv), 3 bad rows skipped

Latency                mean      p50      p90      p95      p99      max
------------------------------------------------------------------------
TTFT, from arrival   200 ms   150 ms   300 ms   450 ms   900 ms   2.50 s
TTFT, once queued    180 ms   140 ms   280 ms   400 ms   800 ms   2.25 s
TPOT, per request   20.0 ms  19.0 ms  25.0 ms  30.0 ms  40.0 ms  50.0 ms
ITL, every gap      20.0 ms  18.0 ms  26.0 ms  32.0 ms  45.0 ms   500 ms
E2E                  4.00 s   3.50 s   7.00 s   9.00 s   15.0 s   40.0 s
queue                500 us   250 us  1.00 ms  2.00 ms  10.0 ms   125 ms

Throughput  0.275 requests/s   275 input tokens/s   27.5 output tokens/s, 1.72 per chip

Pool  replicas    busy  compute  mem BW  KV mean  KV peak  batch  preempt    steps  W/chip
------------------------------------------------------------------------------------------
main         4  50.0 %   12.5 %  62.5 %   25.0 %   99.0 %   8.25        2  123,456     350
  main: llama-3.1-70b on 2 x h100-sxm-x8 (16 chips) at korea

Energy  0.625 kWh (0.5 kWh without the facility's overhead)   22.7 J per output token
Cost    $4.95   $50.0 per million output tokens
Carbon  269 gCO2   2.72 gCO2 per thousand output tokens

SLO  chat  tpot_p99    40.0 ms   target   35.0 ms   MISSED
SLO  chat  ttft_p95     450 ms   target    1.00 s   met
Goodput (requests within every target): chat 95.5 %

Provenance: weakest is assumed (1 measured, 1 datasheet, 1 assumed)
`orrery explain` names what is assumed, and so does --json
Seed 7; 40.0 ms of CPU time, 24,750 requests per CPU second
)");
}

TEST(TextSummary, FitsTheTerminalHoweverManyServicesAndPoolsThereAre) {
  Results results = example_results();
  results.complete = false;
  results.services[0].name = std::string(300, 'n');
  results.services[0].workload = std::string(300, 'w');
  results.pools[0].name = std::string(300, 'p');
  results.pools[0].model = std::string(300, 'm');
  results.description = std::string(300, 'd');
  for (int i = 0; i < 5; ++i) {
    for (int status = 0; status < 6; ++status) {
      results.provenance.items.push_back({std::string(80, 'q'), static_cast<Status>(status)});
    }
  }
  for (int i = 0; i < 40; ++i) {
    results.services.push_back(results.services[0]);
    results.pools.push_back(results.pools[0]);
  }
  const auto lines = lines_of(text_summary(results, {}));
  EXPECT_LE(lines.size(), 64U);  // with tables of six services and six pools
  for (const std::string& line : lines) {
    EXPECT_LE(text_width(line), 100U) << line;
  }
}

TEST(TextSummary, SaysFirstThatARunIsPartial) {
  Results results = example_results();
  results.complete = false;
  results.requests.unfinished = 12;
  const std::string text = text_summary(results, {});
  EXPECT_EQ(text.find("PARTIAL"), 0U);
  EXPECT_THAT(text, HasSubstr("12 unfinished"));
}

TEST(TextSummary, NamesWhatIsAnnouncedAndNotMeasured) {
  Results results = example_results();
  EXPECT_THAT(text_summary(results, {}), Not(HasSubstr("ANNOUNCED")));
  for (int i = 0; i < 4; ++i)
    results.provenance.items.push_back({fmt::format("chip/new.part{}", i), Status::announced});
  EXPECT_THAT(text_summary(results, {}),
              HasSubstr("ANNOUNCED, NOT MEASURED: chip/new.part0, chip/new.part1 and 2 more\n"));
}

TEST(TextSummary, ShowsADashWhereThereIsNoFigure) {
  Results results = example_results();
  results.latency.tpot = {};
  results.output_tokens = 0;
  const std::string text = text_summary(results, {});
  EXPECT_THAT(text, HasSubstr("TPOT, per request         -"));
  EXPECT_THAT(text, HasSubstr("$- per million output tokens"));
}

TEST(TextSummary, ListsMissedTargetsFirst) {
  Results results = example_results();
  for (int i = 0; i < 9; ++i) results.services[0].slo.push_back({"e2e_p50", 1, 0.5, true});
  results.services[0].slo.push_back({"e2e_p99", 1, 2, false});
  const std::string text = text_summary(results, {});
  EXPECT_THAT(text, HasSubstr("e2e_p99"));
  EXPECT_THAT(text, HasSubstr("... and 6 more targets"));
}

TEST(TextSummary, ColoursAndLinesBeyondAsciiComeOnlyWhenAsked) {
  const std::string plain = text_summary(example_results(), {});
  EXPECT_TRUE(std::all_of(plain.begin(), plain.end(), [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); }));
  const std::string rich = text_summary(example_results(), {.color = true, .unicode = true});
  EXPECT_THAT(rich, HasSubstr("\x1b[1;31mMISSED\x1b[0m"));
  EXPECT_THAT(rich, HasSubstr("\u2500"));
}

TEST(TextSummary, LetsNoNameSteerTheTerminal) {
  Results results = example_results();
  results.scenario = "evil\x1b[2J";
  results.services[0].name = "a\x07";
  results.pools[0].model = "m\r";
  const std::string text = text_summary(results, {});
  EXPECT_EQ(text.find_first_of("\x1b\x07\r"), std::string::npos);
}

TEST(HumanText, KeepsThreeDigitsWithoutExponents) {
  EXPECT_EQ(figure_text(0.012345), "0.0123");
  EXPECT_EQ(figure_text(9.996), "10.0");
  EXPECT_EQ(figure_text(99.97), "100");
  EXPECT_EQ(figure_text(12345678.4), "12,345,678");
  EXPECT_EQ(figure_text(-1234.6), "-1,235");
  EXPECT_EQ(figure_text(0), "0");
}

TEST(HumanText, PicksTheUnitOfADuration) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(1.5e-9), "1.50 ns");
  EXPECT_EQ(duration_text(412e-6), "412 us");
  EXPECT_EQ(duration_text(0.0123), "12.3 ms");
  EXPECT_EQ(duration_text(3516), "58.6 min");
  EXPECT_EQ(duration_text(86400), "24.0 h");
  EXPECT_EQ(duration_text(864000), "10.0 days");
}

TEST(HumanText, ClipsByColumnsAndNeverInsideACharacter) {
  EXPECT_EQ(clipped_text("abcdef", 6), "abcdef");
  EXPECT_EQ(clipped_text("abcdefg", 6), "abc...");
  EXPECT_EQ(clipped_text("\uc11c\uc6b8\ud2b9\ubcc4\uc2dc", 7), "\uc11c\uc6b8...");
}

TEST(TextSummary, SaysHowManyAdaptersStepsServed) {
  Results results = example_results();
  results.pools[0].adapters = {8, 3.25};
  EXPECT_THAT(text_summary(results, {}), HasSubstr("Adapters  main: 3.25 in a step in the mean, at most 8\n\n"));
  EXPECT_THAT(text_summary(example_results(), {}), Not(HasSubstr("Adapters")));
}

TEST(TextSummary, SaysWhatDraftsWereWorth) {
  EXPECT_THAT(
      text_summary(example_with_drafts(), {}),
      HasSubstr("Speculation  main: 2.50 tokens at a time, 37.5 % of the drafts taken (4 by llama-3.1-8b)\n\n"));
  EXPECT_THAT(text_summary(example_results(), {}), Not(HasSubstr("Speculation")));
}

TEST(TextSummary, ShowsTheWayOfPromptsBetweenPools) {
  const std::string text = text_summary(example_of_split_pools(), {});
  EXPECT_THAT(text, HasSubstr(R"(Prompts for main     mean      p50      p90      p95      p99      max
----------------------------------------------------------------------
wait for blocks   1.00 ms      0 s  2.00 ms  3.00 ms  4.00 ms  5.00 ms
transfer          10.0 ms  9.00 ms  20.0 ms  30.0 ms  40.0 ms  50.0 ms
wait for a step   20.0 ms  18.0 ms  21.0 ms  22.0 ms  23.0 ms  24.0 ms
  320 GB over 4 x infiniband-ndr400 (by sender, 12.5 % used); first token: prefill; overlap: layers
)"));
  EXPECT_THAT(text, Not(HasSubstr("Prefix cache"))) << "what the second pool finds it need not be sent, but compute";
  EXPECT_THAT(text_summary(example_results(), {}), Not(HasSubstr("Prompts for")));
}

TEST(TextSummary, BillsAServiceForThePoolThatComputesItsPrompts) {
  Results results = example_of_split_pools();
  results.services.push_back(results.services[0]);
  // 2.25 + 0.75 MJ and $4.95 + $1.65 for 99,000 tokens, of which the other pool gave the first of each request.
  EXPECT_THAT(text_summary(results, {}), HasSubstr("3.50 s           30.3        66.7"));
}

}  // namespace
}  // namespace orrery
