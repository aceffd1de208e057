#include "orrery/network/shared_link.h"

#include <algorithm>
#include <cmath>

#include "orrery/base/result.h"

namespace orrery {

SharedLink::SharedLink(BytesPerSecond capacity, BytesPerSecond most_of_one)
    : capacity_(capacity.si() / SimTime::kPicosecondsPerSecond),
      most_of_one_(most_of_one.si() / SimTime::kPicosecondsPerSecond) {
  ORRERY_CHECK(capacity_ > 0 && most_of_one_ > 0);
}

double SharedLink::rate() const { return std::min(most_of_one_, capacity_ / static_cast<double>(flows_.size())); }

void SharedLink::serve_until(std::int64_t now) {
  ORRERY_CHECK(now >= now_ps_);
  if (!flows_.empty()) {
    const double each = static_cast<double>(now - now_ps_) * rate();
    served_ += each;
    flowed_bytes_ += each * static_cast<double>(flows_.size());
    busy_ps_ += now - now_ps_;
  }
  now_ps_ = now;
}

void SharedLink::plan_next_end() {
  if (flows_.empty()) {
    served_ = 0;  // so that it keeps all its digits
    next_end_ = SimTime::never();
    return;
  }
  const double left = std::ceil(std::max(0.0, flows_.front().end - served_) / rate());
  next_end_ = left < static_cast<double>(SimTime::never().ps() - now_ps_)
                  ? SimTime(now_ps_ + static_cast<std::int64_t>(left))
                  : SimTime::never();
}

void SharedLink::start(std::uint32_t transfer, SimTime now, Bytes bytes) {
  ORRERY_CHECK(bytes > Bytes(0) && now <= next_end_);
  serve_until(now.ps());
  flows_.push_back({served_ + bytes.si(), started_++, transfer, bytes.si()});
  std::push_heap(flows_.begin(), flows_.end(), later);
  plan_next_end();
}

std::uint32_t SharedLink::end_next() {
  ORRERY_CHECK(next_end_ < SimTime::never());
  serve_until(next_end_.ps());
  std::pop_heap(flows_.begin(), flows_.end(), later);
  const Flow flow = flows_.back();
  flows_.pop_back();
  ended_bytes_ += flow.bytes;
  plan_next_end();
  return flow.transfer;
}

}  // namespace orrery
