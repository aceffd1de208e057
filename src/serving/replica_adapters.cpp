// Adapters of requests: V-22.

#include <algorithm>

#include "orrery/base/result.h"
#include "orrery/serving/replica.h"

namespace orrery {

void Replica::use_adapters(const AdapterCost& cost) {
  ORRERY_CHECK(limits_.max_adapters >= 1 && handover_ == nullptr);
  ORRERY_CHECK(rules_.reservation == Reservation::by_setting);
  adapter_cost_ = &cost;
}

/// A request's adapter has one more, or one fewer, of the requests that steps serve.
void Replica::count_adapter(std::uint32_t request, std::int32_t change) {
  if (requests_.adapters.empty()) return;
  const std::uint32_t adapter = requests_.adapters[request];
  if (adapter == 0) return;
  if (adapter >= running_by_adapter_.size()) running_by_adapter_.resize(adapter + 1);
  std::int32_t& running = running_by_adapter_[adapter];
  distinct_adapters_ -= running > 0 ? 1 : 0;
  running += change;
  distinct_adapters_ += running > 0 ? 1 : 0;
}

/// V-22: its adapter would be one too many.
bool Replica::lacks_adapter(std::uint32_t request) const {
  if (requests_.adapters.empty() || distinct_adapters_ < limits_.max_adapters) return false;
  const std::uint32_t adapter = requests_.adapters[request];
  return adapter != 0 && (adapter >= running_by_adapter_.size() || running_by_adapter_[adapter] == 0);
}

/// The head waits for its adapter; the next one is tried.
void Replica::set_head_aside() {
  set_aside_.push_back(waiting_.front());
  waiting_.pop_front();
  if (clients_give_up_) drop_gone_heads();
}

/// All return to the front of the queue in their old order.
void Replica::return_set_aside() {
  waiting_.insert(waiting_.begin(), set_aside_.begin(), set_aside_.end());
  set_aside_.clear();
}

/// Of a step of so many tokens, whose requests are admitted.
std::int64_t Replica::adapters_ps(std::int64_t tokens) {
  step_adapters_ = distinct_adapters_;
  if (step_adapters_ == 0) return 0;
  return adapter_cost_->step_ps + step_adapters_ * adapter_cost_->adapter_ps + tokens * adapter_cost_->token_ps;
}

void Replica::count_adapters(std::int64_t tokens, std::int64_t steps) {
  if (step_adapters_ == 0) return;
  totals_.adapter_steps += step_adapters_ * steps;
  totals_.adapted_tokens += tokens * steps;
}

}  // namespace orrery
