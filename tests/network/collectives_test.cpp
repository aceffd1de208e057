#include "orrery/network/collectives.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "example_links.h"

namespace orrery {
namespace {

void expect_us(const TransferCost& cost, double expected) {
  EXPECT_NEAR(microseconds(cost.time) / expected, 1, 1e-3) << expected;
}

TEST(Collectives, GiveTheReferenceValuesOfTheLibrary) {
  const Interconnect eight = one_node("nvlink4", 8);
  expect_us(eight.library_all_reduce(Bytes(kKibi)), 15.941);
  expect_us(eight.library_all_reduce(Bytes(kMebi)), 27.581);
  expect_us(eight.library_all_reduce(Bytes(64 * kMebi)), 365.833);
  expect_us(one_node("nvlink4", 2).library_all_reduce(Bytes(64 * kMebi)), 239.522);
  expect_us(eight.all_gather(Bytes(64 * kMebi)), 207.543);
  expect_us(one_node("nvlink4", 4).reduce_scatter(Bytes(kMebi)), 12.946);
  expect_us(eight.all_to_all(Bytes(kKibi)), 8.3098);
  expect_us(eight.all_to_all(Bytes(16 * kMebi)), 62.796);
}

TEST(Collectives, GiveTheReferenceValuesOfTheFrameworksAllReduce) {
  const Interconnect eight = one_node("nvlink4", 8);
  expect_us(eight.all_reduce(Bytes(16 * kKibi)), 5.2865);
  EXPECT_EQ(eight.all_reduce(Bytes(16 * kKibi)).way, TransferWay::one_shot);
  expect_us(eight.all_reduce(Bytes(kMebi)), 14.794);
  EXPECT_EQ(eight.all_reduce(Bytes(kMebi)).way, TransferWay::two_shot);
  expect_us(one_node("nvlink3", 4).all_reduce(Bytes(64 * kKibi)), 6.3547);
  expect_us(one_node("nvlink5", 8).all_reduce(Bytes(256 * kKibi)), 20.260);
}

TEST(Collectives, LargeMessagesAndManyRanksTakeTheLibrary) {
  const Interconnect eight = one_node("nvlink4", 8);
  EXPECT_EQ(eight.all_reduce(Bytes(8 * kMebi)).way, TransferWay::two_shot);
  EXPECT_EQ(eight.all_reduce(Bytes(9 * kMebi)).way, TransferWay::simple);
  EXPECT_EQ(one_node("nvlink4", 16).all_reduce(Bytes(kKibi)).way, TransferWay::low_latency);
  EXPECT_EQ(one_node("pcie4-x16", 4).all_reduce(Bytes(kKibi)).way, TransferWay::low_latency);
}

TEST(Collectives, ARingSendsAllButItsOwnPart) {
  constexpr double kBytes = 1e8;
  for (const double ranks : {2.0, 4.0, 8.0}) {
    const Interconnect chips = one_node("nvlink4", ranks);
    EXPECT_DOUBLE_EQ(chips.library_all_reduce(Bytes(kBytes)).sent().si(), 2 * (ranks - 1) / ranks * kBytes);
    for (const Collective one : {Collective::all_gather, Collective::reduce_scatter, Collective::all_to_all}) {
      EXPECT_DOUBLE_EQ(chips.price(one, Bytes(kBytes)).sent().si(), (ranks - 1) / ranks * kBytes);
    }
  }
}

TEST(Collectives, AHierarchySendsAsMuchAsARing) {
  constexpr double kBytes = 1e8;
  for (const double nodes : {2.0, 3.0, 8.0}) {
    for (const double ranks : {1.0, 4.0, 8.0}) {
      const Interconnect chips = several_nodes("nvlink4", ranks, "infiniband-ndr400", nodes);
      const double all = ranks * nodes;
      EXPECT_NEAR(chips.all_reduce(Bytes(kBytes)).sent().si(), 2 * (all - 1) / all * kBytes, 1);
      EXPECT_NEAR(chips.all_gather(Bytes(kBytes)).sent().si(), (all - 1) / all * kBytes, 1);
      EXPECT_NEAR(chips.reduce_scatter(Bytes(kBytes)).sent().si(), (all - 1) / all * kBytes, 1);
      // The parts for other nodes: no way around the network, whatever the hierarchy.
      EXPECT_NEAR(chips.all_to_all(Bytes(kBytes)).network_bytes.si(), (nodes - 1) / nodes * kBytes, 1);
    }
  }
}

TEST(Collectives, NothingBeatsTheWire) {
  for (const std::string& id : node_link_ids()) {
    for (const double ranks : {2.0, 4.0, 8.0, 16.0}) {
      const Interconnect chips = one_node(id, ranks);
      for (const Collective one : kCollectives) {
        const TransferCost cost = chips.price(one, Bytes(1e9));
        EXPECT_GE(cost.time, chips.wire_time(cost)) << id << " " << enum_name(one);
        EXPECT_EQ(cost.limit, TransferLimit::link) << id << " " << enum_name(one);
        EXPECT_LE(bus_bandwidth(one, Bytes(1e9), ranks, cost.time), chips.link_bandwidth() * (1 + 1e-12));
      }
    }
  }
}

TEST(Collectives, MoreBytesAreNeverFaster) {
  for (const std::string& id : node_link_ids()) {
    const LinkRecord link = catalog_link(id);
    for (const double nodes : {1.0, 2.0, 8.0}) {
      const Interconnect chips =
          nodes == 1 ? one_node(link, 8) : several_nodes(link, 8, catalog_link("infiniband-ndr400"), nodes);
      for (const Collective one : kCollectives) {
        Seconds before;
        for (double bytes = 64; bytes < 1e10; bytes *= 1.3) {
          // One step down is known: above the framework's limit the library's protocol may be the faster one.
          if (one == Collective::all_reduce && nodes == 1 && link.framework_all_reduce &&
              bytes > link.framework_all_reduce->largest_message.value.si()) {
            before = std::min(before, chips.price(one, Bytes(bytes)).time);
          }
          const Seconds time = chips.price(one, Bytes(bytes)).time;
          ASSERT_GE(time, before) << id << " " << nodes << " " << enum_name(one) << " " << bytes;
          before = time;
        }
      }
    }
  }
}

TEST(Collectives, MoreBandwidthIsNeverSlower) {
  static const LinkRecord kLink = catalog_link("nvlink4");
  static const LinkRecord kNetwork = catalog_link("infiniband-ndr400");
  rc::check([] {
    const double bytes = std::pow(2.0, *rc::gen::inRange(6, 34));
    const double ranks = *rc::gen::inRange(2, 17);
    const double nodes = *rc::gen::inRange(1, 9);
    const double faster = 1 + *rc::gen::inRange(1, 500) / 100.0;
    LinkRecord link = kLink;
    LinkRecord network = kNetwork;
    (*rc::gen::inRange(0, 2) == 0 ? link : network).bandwidth.value = faster * BytesPerSecond(60e9);
    LinkRecord slow_link = link;
    LinkRecord slow_network = network;
    slow_link.bandwidth.value = link.bandwidth.value / faster;
    slow_network.bandwidth.value = network.bandwidth.value / faster;
    const Collective one = kCollectives[*rc::gen::inRange(0, 4)];
    const Seconds fast = several_nodes(link, ranks, network, nodes).price(one, Bytes(bytes)).time;
    RC_ASSERT(fast <= several_nodes(slow_link, ranks, network, nodes).price(one, Bytes(bytes)).time);
    RC_ASSERT(fast <= several_nodes(link, ranks, slow_network, nodes).price(one, Bytes(bytes)).time);
  });
}

TEST(Collectives, TwoNodesAreNeverFasterThanOneOfAsManyRanks) {
  for (const std::string& id : node_link_ids()) {
    const LinkRecord link = catalog_link(id);
    for (const std::string& network : network_link_ids()) {
      for (const double ranks : {1.0, 2.0, 4.0, 8.0}) {
        if (ranks > 1 && link.type.starts_with("PCIe")) continue;  // described for two ranks only
        const Interconnect one = one_node(link, 2 * ranks);
        const Interconnect two = several_nodes(link, ranks, catalog_link(network), 2);
        for (const Collective collective : kCollectives) {
          for (double bytes = 1024; bytes < 1e10; bytes *= 4) {
            const TransferCost apart = two.price(collective, Bytes(bytes));
            const TransferCost together = one.price(collective, Bytes(bytes));
            EXPECT_GE(apart.time, together.time)
                << id << " " << network << " " << ranks << " " << enum_name(collective) << " " << bytes;
          }
        }
      }
    }
  }
}

TEST(Collectives, FixedTimesOfAllPhasesAddUpAndTheSlowerLinkCounts) {
  const LinkRecord link = catalog_link("nvlink4");
  const LinkRecord network = catalog_link("infiniband-ndr400");
  const Interconnect chips = several_nodes(link, 8, network, 4);
  const TransferCost small = chips.all_reduce(Bytes(8));
  const auto fixed = [](const CollectiveProtocol& path, double ranks) {
    return path.fixed_time.value + (ranks - 1) * path.rank_time.value;
  };
  const Seconds expected = fixed(link.reduce_scatter.low_latency, 8) + fixed(network.all_reduce.low_latency, 4) +
                           fixed(link.all_gather.low_latency, 8);
  EXPECT_NEAR(small.time / expected, 1, 1e-3);
  EXPECT_EQ(small.limit, TransferLimit::latency);
  // 3/4 of a buffer of each rank over 50 GB/s takes longer than 7/8 of it over 450 GB/s.
  const TransferCost large = chips.all_to_all(Bytes(1e9));
  EXPECT_EQ(large.limit, TransferLimit::network);
  const double transfer_us = 0.75 * 1e9 / (network.all_to_all.simple.link_fraction.value * 50e3);
  EXPECT_NEAR(microseconds(large.time) / transfer_us, 1, 0.01);
}

TEST(Collectives, OneSendsToOneOther) {
  LinkRecord link = catalog_link("nvlink4");
  const PointToPoint& constants = link.point_to_point;
  const double fixed_us = microseconds(link.latency.value + constants.fixed_time.value);
  const TransferCost cost = one_node(link, 8).point_to_point(Bytes(1e9));
  EXPECT_NEAR(microseconds(cost.time), fixed_us + 1e9 / (constants.link_fraction.value * 450e3), 1e-6);
  EXPECT_EQ(cost.sent(), Bytes(1e9));
  EXPECT_EQ(cost.limit, TransferLimit::link);
  // Without a switch, a pair has one of seven links.
  const Interconnect mesh = one_node("infinity-fabric", 8);
  EXPECT_GT(mesh.point_to_point(Bytes(1e9)).time, 6 * one_node("nvlink4", 8).point_to_point(Bytes(1e9)).time);
  const Interconnect far = several_nodes("nvlink4", 8, "infiniband-ndr400", 2);
  EXPECT_EQ(far.point_to_point_between_nodes(Bytes(1e9)).network_bytes, Bytes(1e9));
  EXPECT_GT(far.point_to_point_between_nodes(Bytes(1e9)).time, far.point_to_point(Bytes(1e9)).time);
}

TEST(Collectives, EveryByteSentTakesItsEnergy) {
  const LinkRecord link = catalog_link("nvlink4");
  const LinkRecord network = catalog_link("infiniband-ndr400");
  const TransferCost cost = several_nodes(link, 8, network, 2).all_gather(Bytes(1e9));
  EXPECT_DOUBLE_EQ(
      cost.energy.si(),
      (cost.node_bytes * link.energy_per_byte.value + cost.network_bytes * network.energy_per_byte.value).si());
}

TEST(Collectives, ALinkOfReachNetworkJoinsNodesOfOneChip) {
  const LinkRecord network = catalog_link("infiniband-ndr400");
  const Interconnect chips = several_nodes(network, 1, network, 4);
  const TransferCost cost = chips.all_reduce(Bytes(1e9));
  EXPECT_EQ(cost.node_bytes, Bytes(0));
  EXPECT_DOUBLE_EQ(cost.network_bytes.si(), 1.5e9);
  EXPECT_EQ(cost.limit, TransferLimit::network);
}

TEST(Links, ContradictionsAreReported) {
  LinkRecord link = catalog_link("infinity-fabric");
  link.point_to_point.bandwidth->value = BytesPerSecond(1e12);
  link.expert_exchange_between_nodes = catalog_link("infiniband-ndr400").expert_exchange_between_nodes;
  Diagnostics diagnostics;
  check_physics(link, diagnostics);
  EXPECT_EQ(codes(diagnostics), (std::vector<std::string>{"impossible-physics", "impossible-physics"}));
  LinkRecord network = catalog_link("infiniband-ndr400");
  network.framework_all_reduce = catalog_link("nvlink4").framework_all_reduce;
  network.expert_exchange = catalog_link("nvlink4").expert_exchange;
  Diagnostics of_network;
  check_physics(network, of_network);
  EXPECT_EQ(of_network.error_count(), 2U);
}

TEST(Links, TheCatalogsOwnAreSound) {
  for (const auto* ids : {&node_link_ids(), &network_link_ids()}) {
    for (const std::string& id : *ids) {
      Diagnostics diagnostics;
      check_physics(catalog_link(id), diagnostics);
      EXPECT_FALSE(diagnostics.has_errors()) << all_messages(diagnostics);
    }
  }
}

}  // namespace
}  // namespace orrery
