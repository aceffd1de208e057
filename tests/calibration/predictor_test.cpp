#include "orrery/operators/predictor.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "orrery/base/file.h"
#include "orrery/calibration/calibrate.h"
#include "orrery/scenario/read_predictor.h"
#include "toy_form.h"

namespace orrery {
namespace {

const ToyForm kForm;

/// A catalog in which four chips are calibrated.
class Predictors : public testing::Test {
 protected:
  Predictors() {
    root_ = testing::TempDir() + "orrery-predictor-" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_ + "/calibration");
    set_.form = &kForm;
    set_.file = "toy.csv";
    for (std::size_t i = 0; i < chips_.size(); ++i) {
      set_.groups.push_back(toy_group(kForm, chips_[i], {3 + static_cast<double>(i), 0.7, 0.8}, 0.1, 150));
    }
    FamilyFitOptions options = default_fit_options();
    options.joint.most_points = options.own.most_points = 80;
    CalibrationBuilder builder({"toy data", "nobody", "2026-01", "2026-02-03"});
    for (const FamilyFit& fit : fit_families(set_, options)) {
      fits_.push_back(fit);
      builder.add(set_, fit);
    }
    for (const CalibrationRecord& record : builder.take()) {
      ids_.push_back(record.header.id);
      const std::string path = root_ + "/calibration/" + record.header.id + ".yaml";
      EXPECT_TRUE(write_file_atomically(path, to_yaml(write_record(record))));
    }
  }
  Predictor read(const std::string& without = "") {
    Diagnostics diagnostics;
    Predictor predictor = read_predictor(Catalog(root_), without, diagnostics);
    for (const Diagnostic& one : diagnostics.sorted()) ADD_FAILURE() << to_text(one);
    return predictor;
  }

  std::string root_;
  std::vector<ChipFacts> chips_ = {toy_chip("a", 1e14, 1e12), toy_chip("b", 1e15, 3e12),
                                   toy_chip("c", 3e14, 2e12, MatrixClass::sync)};
  PointSet set_;
  std::vector<FamilyFit> fits_;
  std::vector<std::string> ids_;
};

TEST_F(Predictors, EveryChipEveryClassAndEveryClassWithoutAChipHasAnEntry) {
  EXPECT_EQ(ids_, (std::vector<std::string>{"a", "b", "c", "prior-async", "prior-async-without-a",
                                            "prior-async-without-b", "prior-async-without-c", "prior-sync",
                                            "prior-sync-without-a", "prior-sync-without-b", "prior-sync-without-c"}));
}

TEST_F(Predictors, AMeasuredChipIsPredictedByItsOwnConstants) {
  const Served served = read().serve(kForm, "bfloat16", chips_[0]);
  EXPECT_EQ(served.basis, Basis::fitted);
  EXPECT_EQ(served.entry, "a");
  EXPECT_NEAR(served.constants[0] / 3, 1, 0.1);
}

TEST_F(Predictors, AnUnmeasuredChipIsPredictedByItsClass) {
  const Served served = read().serve(kForm, "bfloat16", toy_chip("new", 2e15, 8e12));
  EXPECT_EQ(served.basis, Basis::class_prior);
  EXPECT_EQ(served.entry, "prior-async");
}

TEST_F(Predictors, AnExcludedChipIsPredictedByWhatTheOthersSay) {
  const Predictor predictor = read("b");
  const Served served = predictor.serve(kForm, "bfloat16", chips_[1]);
  EXPECT_EQ(served.basis, Basis::class_prior);
  EXPECT_EQ(served.entry, "prior-async-without-b");
  for (std::size_t i = 0; i < served.constants.size(); ++i) {
    EXPECT_NEAR(served.constants[i] / fits_[0].chips[1].left_out.constants[i], 1, 1e-3);
  }
  EXPECT_EQ(predictor.serve(kForm, "bfloat16", toy_chip("new", 2e15, 8e12)).entry, "prior-async-without-b");
  EXPECT_EQ(predictor.serve(kForm, "bfloat16", chips_[0]).basis, Basis::fitted);
}

TEST_F(Predictors, AFamilyThatNobodyMeasuredHasTheFormsOwnConstantsAndAWideBand) {
  const Served served = read().serve(kForm, "fp8", chips_[0]);
  EXPECT_EQ(served.basis, Basis::datasheet);
  EXPECT_EQ(served.constants, specified_priors(kForm, "fp8"));
  const Prediction prediction = predict(kForm, "fp8", chips_[0], {1e9, 1e6}, served, true);
  EXPECT_DOUBLE_EQ(prediction.high_us, 2 * prediction.us);
}

TEST_F(Predictors, APredictionLiesInsideItsBand) {
  const Served served = read().serve(kForm, "bfloat16", chips_[2]);
  const Prediction prediction = predict(kForm, "bfloat16", chips_[2], {1e12, 1e6}, served, true);
  EXPECT_LT(prediction.low_us, prediction.us);
  EXPECT_GT(prediction.high_us, prediction.us);
}

TEST_F(Predictors, EveryEntryIsAGoodCatalogEntry) {
  for (const std::string& id : ids_) {
    Diagnostics diagnostics;
    EXPECT_TRUE(Catalog(root_).load<CalibrationRecord>(AnyReference{id, {}}, diagnostics)) << id;
  }
}

}  // namespace
}  // namespace orrery
