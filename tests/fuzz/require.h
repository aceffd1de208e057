#pragma once

/// What must hold in a fuzz target. A trap, unlike ORRERY_CHECK, lets libFuzzer keep the input.
#define ORRERY_REQUIRE(condition) ((condition) ? static_cast<void>(0) : __builtin_trap())
