#include "orrery/@id@/@id@.h"

#include <gtest/gtest.h>

// A test's name is a sentence about behaviour.
TEST(@Id@, CanBeMade) { [[maybe_unused]] const orrery::@Id@ made; }
