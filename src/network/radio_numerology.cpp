#include "orrery/network/radio_numerology.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr auto kLow = FrequencyRange::FR1;
constexpr auto kHigh = FrequencyRange::FR2;

constexpr BandwidthRow kRows[] = {
    {kLow, 0, 5, 25},     {kLow, 0, 10, 52},  {kLow, 0, 15, 79},   {kLow, 0, 20, 106},   {kLow, 0, 25, 133},
    {kLow, 0, 30, 160},   {kLow, 0, 40, 216}, {kLow, 0, 50, 270},  {kLow, 1, 5, 11},     {kLow, 1, 10, 24},
    {kLow, 1, 15, 38},    {kLow, 1, 20, 51},  {kLow, 1, 25, 65},   {kLow, 1, 30, 78},    {kLow, 1, 40, 106},
    {kLow, 1, 50, 133},   {kLow, 1, 60, 162}, {kLow, 1, 70, 189},  {kLow, 1, 80, 217},   {kLow, 1, 90, 245},
    {kLow, 1, 100, 273},  {kLow, 2, 10, 11},  {kLow, 2, 15, 18},   {kLow, 2, 20, 24},    {kLow, 2, 25, 31},
    {kLow, 2, 30, 38},    {kLow, 2, 40, 51},  {kLow, 2, 50, 65},   {kLow, 2, 60, 79},    {kLow, 2, 70, 93},
    {kLow, 2, 80, 107},   {kLow, 2, 90, 121}, {kLow, 2, 100, 135}, {kHigh, 2, 50, 66},   {kHigh, 2, 100, 132},
    {kHigh, 2, 200, 264}, {kHigh, 3, 50, 32}, {kHigh, 3, 100, 66}, {kHigh, 3, 200, 132}, {kHigh, 3, 400, 264},
};

}  // namespace

RadioTicks ticks_of(Seconds time) {
  constexpr double kTicksPerSecond = 1000.0 * kTicksPerMillisecond;
  return std::llround(time.si() * kTicksPerSecond);
}

std::optional<FrequencyRange> frequency_range(Hertz carrier) {
  if (carrier >= Hertz(410e6) && carrier <= Hertz(7.125e9)) return FrequencyRange::FR1;
  if (carrier >= Hertz(24.25e9) && carrier <= Hertz(71e9)) return FrequencyRange::FR2;
  return std::nullopt;
}

std::span<const BandwidthRow> bandwidth_rows() { return kRows; }

std::optional<int> resource_blocks(FrequencyRange range, int mu, Hertz bandwidth) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const BandwidthRow& one) {
    return one.range == range && one.mu == mu && std::fabs(bandwidth.si() - one.megahertz * 1e6) < 1;
  });
  return row == std::end(kRows) ? std::nullopt : std::optional(row->resource_blocks);
}

}  // namespace orrery
