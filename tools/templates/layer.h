#pragma once

namespace orrery {

/// One sentence: what this is.
/// Pre: what must hold. Fails: diagnostic codes. Source: table or equation. Valid: range.
class @Id@ {};

}  // namespace orrery
