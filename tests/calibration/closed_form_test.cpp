#include "orrery/calibration/closed_form.h"

#include <gtest/gtest.h>

#include <map>

#include "../chip/example_chips.h"
#include "orrery/calibration/operator_answer.h"
#include "orrery/scenario/read_predictor.h"

namespace orrery {
namespace {

using Given = std::map<std::string, std::string, std::less<>>;

CellLookup lookup(Given given) {
  return [given = std::move(given)](std::string_view column) -> std::optional<std::string> {
    const auto found = given.find(column);
    if (found == given.end()) return std::nullopt;
    return found->second;
  };
}

Result<KernelCost> price(const Chip& chip, std::string_view kind, Given given) {
  const ClosedForm* form = find_closed_form(kind);
  EXPECT_NE(form, nullptr) << kind;
  return form->price(chip, lookup(std::move(given)));
}

const Given kProduct{{"m", "16"}, {"n", "8192"}, {"k", "4096"}, {"dtype", "bfloat16"}};

TEST(ClosedForms, AreThoseOfTheChip) {
  const Chip chip = catalog_chip("h100-sxm");
  EXPECT_EQ(price(chip, "gemm", kProduct)->time, chip.gemm({16, 8192, 4096}).time);
  EXPECT_EQ(price(chip, "sampling", {{"batch", "8"}, {"vocabulary", "1000"}})->time,
            chip.elementwise(Bytes(5 * 2 * 8 * 1000)).time);
  EXPECT_EQ(
      price(chip, "output_layer", {{"batch", "8"}, {"vocabulary", "128256"}, {"hidden", "4096"}, {"dtype", "bf16"}})
          ->time,
      chip.gemm({8, 128256, 4096}).time);
  AttentionShape attention{32, 8, 128, Precision::fp8};
  EXPECT_EQ(price(chip, "attention_generation",
                  {{"batch", "4"},
                   {"kv_tokens", "1000"},
                   {"q_heads", "32"},
                   {"kv_heads", "8"},
                   {"head_dim", "128"},
                   {"window_tokens", "100"},
                   {"kv_cache_dtype", "fp8"}})
                ->time,
            chip.decode_attention(attention).at(4, 400).time);
}

TEST(ClosedForms, SayWhatIsMissingOrImpossible) {
  const Chip chip = catalog_chip("h100-sxm");
  Given given = kProduct;
  given.erase("k");
  EXPECT_EQ(price(chip, "gemm", given).error(), "k is missing");
  given = kProduct;
  given["m"] = "0";
  EXPECT_NE(price(chip, "gemm", given).error().find("m is 0"), std::string::npos);
  given = kProduct;
  given["dtype"] = "bfloat61";
  EXPECT_NE(price(chip, "gemm", given).error().find("did you mean 'bfloat16'"), std::string::npos);
  given["dtype"] = "compressed";
  EXPECT_NE(price(chip, "gemm", given).error().find("no compression"), std::string::npos);
}

TEST(ClosedForms, AnswerForEveryChipOfTheCatalog) {
  Diagnostics diagnostics;
  const Catalog catalog("catalog");
  const ChipTable chips = ChipTable::read(catalog, diagnostics);
  const Predictor predictor = read_predictor(catalog, "", diagnostics);
  ASSERT_FALSE(diagnostics.has_errors());
  const OperatorDesk desk(find_operator_form("gemm"), find_closed_form("gemm"), chips, predictor);
  for (const std::string& id : catalog.ids("chip")) {
    const auto answer = desk.answer(id, lookup(kProduct), false);
    ASSERT_TRUE(answer) << id << ": " << answer.error();
    const Prediction& p = answer->prediction;
    EXPECT_GT(p.us, 0.999 * answer->roofline_us) << id;
    EXPECT_LT(p.low_us, p.us) << id;
    EXPECT_GT(p.high_us, p.us) << id;
    ASSERT_TRUE(answer->simulated) << id;
    const Chip& chip = *chips.chip(*chips.find(id));
    EXPECT_GE(answer->power(), chip.static_power()) << id;
    EXPECT_LE(answer->power().si(), 1.3 * chip.power_limit().si()) << id;  // the calibrated time may be shorter
    EXPECT_FALSE(answer->provenance.empty()) << id;
  }
}

TEST(ClosedForms, SystolicChipsHaveNothingElseAndAWideBand) {
  Diagnostics diagnostics;
  const Catalog catalog("catalog");
  const ChipTable chips = ChipTable::read(catalog, diagnostics);
  const Predictor predictor = read_predictor(catalog, "", diagnostics);
  const OperatorDesk desk(find_operator_form("gemm"), find_closed_form("gemm"), chips, predictor);
  const auto answer = desk.answer("tpu-v5p", lookup(kProduct), false);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->prediction.basis, Basis::datasheet);
  EXPECT_DOUBLE_EQ(answer->prediction.high_us, 2 * answer->prediction.us);
  EXPECT_TRUE(answer->terms.empty());
}

}  // namespace
}  // namespace orrery
