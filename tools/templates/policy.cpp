// The policy "@id@": one sentence on what it prefers, and when that pays.

namespace orrery {
namespace {

class @Id@Policy {
  // Decide here, from the state that the step hands over; keep no state between runs.
};

}  // namespace
}  // namespace orrery
