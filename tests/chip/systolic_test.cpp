#include "orrery/chip/systolic.h"

#include <gtest/gtest.h>

#include <utility>

namespace orrery {
namespace {

SystolicArray array(std::int64_t rows, std::int64_t columns, Dataflow dataflow) {
  SystolicArray one;
  one.rows.value = rows;
  one.columns.value = columns;
  one.dataflow = dataflow;
  return one;
}

TEST(Systolic, TakesTheClocksOfTheCycleSimulatorAndOneMore) {
  const SystolicArray weights = array(128, 128, Dataflow::weight_stationary);
  EXPECT_EQ(systolic_clocks(weights, 1, 512, 512, 512), 14304);
  EXPECT_EQ(systolic_clocks(weights, 1, 1, 4096, 4096), 392192);
}

TEST(Systolic, DataflowsAreTheSameFormulaWithTheRolesTurned) {
  const double by_weights = systolic_clocks(array(64, 32, Dataflow::weight_stationary), 1, 100, 200, 300);
  EXPECT_EQ(systolic_clocks(array(64, 32, Dataflow::output_stationary), 1, 300, 200, 100), by_weights);
  EXPECT_EQ(systolic_clocks(array(64, 32, Dataflow::input_stationary), 1, 200, 100, 300), by_weights);
}

TEST(Systolic, ArraysShareTheFoldsAndTheLastRoundMayBeUneven) {
  const SystolicArray one = array(128, 128, Dataflow::weight_stationary);
  EXPECT_EQ(systolic_clocks(one, 1, 512, 512, 512), 4 * systolic_clocks(one, 4, 512, 512, 512));
  EXPECT_EQ(systolic_clocks(one, 5, 512, 512, 512), systolic_clocks(one, 4, 512, 512, 512));  // 16 folds
  EXPECT_EQ(systolic_clocks(one, 4, 512, 512, 512, 2), 2 * systolic_clocks(one, 4, 512, 512, 512));
}

TEST(Systolic, ADoubleBufferHidesTheLoadOfTheNextFold) {
  SystolicArray one = array(128, 128, Dataflow::weight_stationary);
  one.double_buffered.value = true;
  EXPECT_EQ(systolic_clocks(one, 1, 512, 512, 512), 16 * 512 + 382);
  EXPECT_EQ(systolic_clocks(one, 1, 1, 4096, 4096), 1024 * 128 + 382);  // loading weights is what is left
  for (const double m : {1.0, 100.0, 4096.0}) {
    const double hidden = systolic_clocks(one, 1, m, 4096, 4096);
    EXPECT_LT(hidden, systolic_clocks(array(128, 128, Dataflow::weight_stationary), 1, m, 4096, 4096));
  }
}

TEST(Systolic, NoShapeIsFasterThanAllMultipliersBusy) {
  for (const Dataflow dataflow :
       {Dataflow::weight_stationary, Dataflow::output_stationary, Dataflow::input_stationary}) {
    for (const double m : {1.0, 17.0, 128.0, 4096.0}) {
      for (const auto& [n, k] : {std::pair{64.0, 4096.0}, std::pair{4096.0, 4096.0}, std::pair{11008.0, 100.0}}) {
        EXPECT_GE(systolic_clocks(array(128, 64, dataflow), 2, m, n, k), m * n * k / (2 * 128 * 64));
      }
    }
  }
}

}  // namespace
}  // namespace orrery
