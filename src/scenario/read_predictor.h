#pragma once

#include <string>

#include "orrery/operators/predictor.h"
#include "orrery/scenario/catalog.h"

namespace orrery {

/// Reads all calibrations; what is wrong with one is reported. With `without_chip`, an id, as if that chip's
/// measurements did not exist.
Predictor read_predictor(const Catalog& catalog, std::string without_chip, Diagnostics& diagnostics);

}  // namespace orrery
