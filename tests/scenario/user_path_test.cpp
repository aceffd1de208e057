#include "orrery/scenario/user_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "orrery/base/random_stream.h"
#include "orrery/base/sim_time.h"
#include "orrery/scenario/run.h"
#include "orrery/schema/visit.h"

namespace orrery {
namespace {

std::shared_ptr<const UserPath> compiled(const std::string& text, Diagnostics& diagnostics) {
  const auto node = parse_yaml(std::make_shared<const SourceText>("path.yaml", text), diagnostics);
  EXPECT_TRUE(node.has_value()) << text;
  const auto record = read_record<UserPathRecord>(*node, diagnostics);
  std::vector<ProvenanceItem> provenance;
  return record ? UserPath::compile(*record, Catalog("catalog"), provenance, diagnostics) : nullptr;
}

std::shared_ptr<const UserPath> path_of(const std::string& text) {
  Diagnostics diagnostics;
  const auto path = compiled(text, diagnostics);
  EXPECT_TRUE(path != nullptr) << text;
  return path;
}

std::string problem_of(const std::string& text) {
  Diagnostics diagnostics;
  EXPECT_TRUE(compiled(text, diagnostics) == nullptr);
  const auto sorted = diagnostics.sorted();
  return sorted.empty() ? "" : sorted.front().message + " | " + sorted.front().hint;
}

const std::string kHome = "{access: home-wifi, transport: tcp-tls13, request: 6 kB, new_connections: ";
const std::string kPhone = "{cell: skt-5g, transport: tcp-tls13, request: 6 kB, new_connections: ";
const std::string kTokyo = "wan: {table: azure-regions, from: korea-central, to: japan-east}";

NetworkTimes mean_of(const UserPath& path, int draws = 40'000) {
  RandomStream stream(7, "test", "ways", 0);
  NetworkTimes sums;
  for (int i = 0; i < draws; ++i) sums = sums + path.draw(stream).parts;
  for (Int128* part : {&sums.wake_up, &sums.connection, &sums.upload, &sums.access, &sums.core, &sums.wan}) {
    *part /= draws;
  }
  return sums;
}
double ms(Int128 ps) { return static_cast<double>(ps) * 1e-9; }

TEST(UserPath, BothWaysTogetherAreThePartsOfTheNetworkToThePicosecond) {
  const auto path = path_of(kPhone + "0.3, released: 0.4, " + kTokyo + "}");
  RandomStream stream(1, "test", "ways", 0);
  for (int i = 0; i < 10'000; ++i) {
    const UserPath::Way way = path->draw(stream);
    ASSERT_EQ(way.parts.total(), Int128{way.up} + way.down);
    ASSERT_GT(way.up, 0);
    ASSERT_GT(way.down, 0);
  }
}

TEST(UserPath, ACellTakesTheMeansOfItsCalendarAndWakesTheReleased) {
  const NetworkTimes never = mean_of(*path_of(kPhone + "0, released: 0}"));
  EXPECT_NEAR(ms(never.access), 11.55 + 1.92, 0.1) << "the means that orrery radio prints";
  EXPECT_EQ(never.wake_up, 0);
  EXPECT_EQ(never.connection, 0);
  EXPECT_EQ(ms(never.core), 2);
  const NetworkTimes always = mean_of(*path_of(kPhone + "0, released: 1}"));
  const NetworkTimes half = mean_of(*path_of(kPhone + "0, released: 0.5}"));
  EXPECT_GE(ms(always.wake_up), 100) << "and the exchange on the LTE anchor";
  EXPECT_NEAR(ms(half.wake_up), ms(always.wake_up) / 2, 0.02 * ms(always.wake_up));
}

TEST(UserPath, HomesTakeTheMeanOfTheirMixture) {
  const NetworkTimes home = mean_of(*path_of(kHome + "0}"), 400'000);
  EXPECT_NEAR(ms(home.access), 15.2, 0.5);
  EXPECT_EQ(home.core, 0);
}

TEST(UserPath, ANewConnectionCostsTheRoundTripsOfItsHandshakes) {
  const NetworkTimes all = mean_of(*path_of(kPhone + "1, released: 0}"));
  EXPECT_NEAR(ms(all.connection), 2 * ms(all.access + all.core), 1e-3) << "TCP and TLS 1.3: two round trips";
  const NetworkTimes some = mean_of(*path_of(kPhone + "0.25, released: 0}"));
  EXPECT_NEAR(ms(some.connection), ms(all.connection) / 4, 0.03 * ms(all.connection));
}

TEST(UserPath, AWayBetweenRegionsAddsItsRoundTripAndAPrice) {
  const auto near = path_of(kPhone + "0, released: 0}");
  const auto far = path_of(kPhone + "0, released: 0, " + kTokyo + "}");
  const double wan = ms(mean_of(*far).wan);
  EXPECT_GT(wan, 0.95 * 36);
  EXPECT_LT(wan, 36);
  EXPECT_EQ(mean_of(*near).wan, 0);
  EXPECT_EQ(near->price_per_byte(), DollarsPerByte(0));
  EXPECT_GT(far->price_per_byte(), DollarsPerByte(0));
  EXPECT_GT(far->energy_per_byte(), near->energy_per_byte());
}

TEST(UserPath, ALargerRequestIsNeverFaster) {
  Int128 before = 0;
  for (const std::string size : {"1 kB", "6 kB", "20 kB", "200 kB", "1.5 MB", "40 MB"}) {
    const auto path =
        path_of("{cell: skt-5g, transport: tcp-tls13, new_connections: 0, released: 0, request: " + size + "}");
    const Int128 upload = mean_of(*path, 2'000).upload;
    EXPECT_GE(upload, before) << size;
    before = upload;
  }
  EXPECT_GT(ms(before), 1e3) << "40 MB over 97 Mbit/s";
}

TEST(UserPath, RequestsArriveInOrderAndKeepWhatBelongsToThem) {
  const auto path = path_of(kHome + "0.5}");
  RequestTable table;
  for (std::int64_t i = 0; i < 500; ++i) {
    table.add(i * 1'000'000'000, static_cast<std::int32_t>(i + 1), static_cast<std::int32_t>(2 * i + 1));
    table.adapters.push_back(static_cast<std::uint32_t>(i));
    const std::uint64_t key = static_cast<std::uint64_t>(i) * 7;
    table.add_keys(std::array{key, key + 1}, 32, 16);
  }
  RequestTable again = table;
  const NetworkTimes sums = path->send(table, 3, 9);
  EXPECT_TRUE(std::is_sorted(table.arrival_ps.begin(), table.arrival_ps.end()));
  EXPECT_FALSE(std::is_sorted(table.sent_ps.begin(), table.sent_ps.end())) << "some overtake others";
  Int128 way = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::int64_t sent = table.sent_ps[i] / 1'000'000'000;
    EXPECT_EQ(table.input_tokens[i], sent + 1);
    EXPECT_EQ(table.output_tokens[i], 2 * sent + 1);
    EXPECT_EQ(table.adapters[i], static_cast<std::uint32_t>(sent));
    ASSERT_EQ(table.keys_of(i).size(), 2U);
    EXPECT_EQ(table.keys_of(i)[0], static_cast<std::uint64_t>(sent) * 7);
    way += table.arrival_ps[i] - table.sent_ps[i] + table.answer_way_ps[i];
  }
  EXPECT_EQ(way, sums.total());
  path->send(again, 3, 9);
  EXPECT_EQ(again.arrival_ps, table.arrival_ps) << "equal seeds, equal ways";
  EXPECT_EQ(again.answer_way_ps, table.answer_way_ps);
}

TEST(UserPath, OnlyUsersWhomTheServerKeepsWaitingFallAsleep) {
  const auto path = path_of(kPhone + "0, released: 0}");  // awake for 100 ms, cycles of 160 ms
  RequestTable table;
  constexpr std::int64_t kMillisecond = 1'000'000'000;
  constexpr std::size_t kRequests = 20'000;
  RequestOutcomes outcomes(kRequests);
  for (std::size_t i = 0; i < kRequests; ++i) {
    table.add(0, 1, 1);
    outcomes.state[i] = RequestState::completed;
  }
  path->send(table, 1, 1);
  const auto answered_after = [&](std::int64_t time) {
    for (std::size_t i = 0; i < kRequests; ++i) outcomes.first_token_ps[i] = table.arrival_ps[i] + time;
    RequestTable own = table;
    return ms(path->reach_sleepers(own, outcomes, 1, 1)) / kRequests;
  };
  EXPECT_EQ(answered_after(99 * kMillisecond), 0);
  EXPECT_NEAR(answered_after(100 * kMillisecond), 80, 1) << "half a cycle";
  std::fill(outcomes.state.begin(), outcomes.state.end(), RequestState::rejected);
  EXPECT_EQ(answered_after(500 * kMillisecond), 0);
}

TEST(UserPath, WhatCannotBeIsToldWithItsPlace) {
  EXPECT_EQ(problem_of("{cell: skt-5g, access: home-wifi, transport: tcp-tls13, request: 6 kB, new_connections: 0}"),
            "users reach a pool over a cell or another access network | give exactly one of `cell` and `access`");
  EXPECT_EQ(problem_of(kPhone + "0}"),
            "'released' is missing: a cell lets go of silent users | 0 where they never fall silent for long, 1 where "
            "each request wakes the phone");
  EXPECT_EQ(problem_of(kHome + "0, released: 1}"),
            "only a cell lets go of its users | leave `released` out, or give a `cell`");
  EXPECT_NE(problem_of(kHome + "0, wan: {table: azure-regions, from: korea-centrl, to: japan-east}}")
                .find("did you mean 'korea-central'?"),
            std::string::npos);
}

// ---- in a run

Results simulated(const std::vector<Override>& overrides = {}) {
  LoadOptions options;
  options.overrides = overrides;
  Diagnostics diagnostics;
  const auto system = load_system("scenarios/radio-share.yaml", Catalog("catalog"), options, diagnostics);
  EXPECT_TRUE(system != nullptr);
  RunControl control;
  return *run(*system, {}, control, diagnostics);
}

TEST(UserPathInARun, WhatUsersSeeIsTheServersTimeAndTheNetworks) {
  const Results results = simulated();
  EXPECT_EQ(results.broken_laws, std::vector<std::string>());
  for (const ServiceResult& service : results.services) {
    ASSERT_TRUE(service.path.has_value());
    ASSERT_EQ(service.requests.completed, service.requests.arrived);
    const PathResult& path = *service.path;
    const double network = path.total_s();
    EXPECT_NEAR(service.latency.user_ttft.mean, service.latency.ttft.mean + network, 1e-12) << service.name;
    EXPECT_NEAR(service.latency.user_e2e.mean, service.latency.e2e.mean + network, 1e-11) << service.name;
    EXPECT_EQ(service.slo.at(0).value_s, service.latency.user_ttft.p95) << "targets count at the user";
  }
}

TEST(UserPathInARun, PatienceBeginsWhenTheUserSends) {
  const Results short_of_it = simulated({{"services.phones.patience", "15 ms"}});
  const ServiceResult& phones = short_of_it.services[0];
  EXPECT_EQ(phones.requests.completed, 0) << "the radio alone takes as long";
  EXPECT_GT(phones.requests.failed, 0);
}

}  // namespace
}  // namespace orrery
