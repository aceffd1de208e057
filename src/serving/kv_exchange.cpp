#include "orrery/serving/kv_exchange.h"

#include <algorithm>
#include <cmath>

#include "orrery/base/result.h"

namespace orrery {
namespace {

std::size_t link_count(LinkSharing sharing, std::size_t senders, std::size_t receivers) {
  switch (sharing) {
    case LinkSharing::pair:
      return senders * receivers;
    case LinkSharing::sender:
      return senders;
    case LinkSharing::receiver:
      return receivers;
    case LinkSharing::pool:
      return 1;
  }
  return 1;
}

}  // namespace

KvExchange::KvExchange(const TransferPath& path, std::size_t requests, std::size_t senders, std::size_t receivers)
    : path_(path),
      receivers_(receivers),
      links_(link_count(path.sharing, senders, receivers), SharedLink(path.capacity, path.most_of_one)),
      ends_(links_.size()),
      states_(requests) {
  ORRERY_CHECK(path.bytes_per_token > 0 && path.layers >= 1 && path.set_up > SimTime(0));
}

std::size_t KvExchange::link_of(std::size_t sender, std::size_t receiver) const {
  switch (path_.sharing) {
    case LinkSharing::pair:
      return sender * receivers_ + receiver;
    case LinkSharing::sender:
      return sender;
    case LinkSharing::receiver:
      return receiver;
    case LinkSharing::pool:
      return 0;
  }
  return 0;
}

// ---- what is sent, and when ----------------------------------------------------------------

void KvExchange::prefill_starts(std::uint32_t request, SimTime now, SimTime start) {
  states_[request].start_ps = start.ps();
  send_what_can_be(request, now.ps());
}

void KvExchange::prefill_ends(std::uint32_t request, SimTime now) {
  states_[request].end_ps = now.ps();
  send_what_can_be(request, now.ps());
}

void KvExchange::blocks_reserved(std::uint32_t request, SimTime now, std::size_t sender, std::size_t receiver,
                                 std::int64_t tokens) {
  State& state = states_[request];
  state.bytes = std::llround(path_.bytes_per_token * static_cast<double>(tokens));
  state.link = static_cast<std::uint32_t>(link_of(sender, receiver));
  tokens_ += tokens;
  bytes_ += state.bytes;
  transfers_ += state.bytes > 0;
  send_what_can_be(request, now.ps());
}

void KvExchange::send_what_can_be(std::uint32_t request, std::int64_t now) {
  State& state = states_[request];
  if (state.bytes < 0) return;
  if (state.stage == Stage::waiting && state.end_ps >= 0) {
    send_last(request, now + path_.set_up.ps(), state.bytes);
  } else if (state.stage == Stage::waiting && state.start_ps >= 0 && path_.overlap == TransferOverlap::layers) {
    state.last_bytes = (state.bytes + path_.layers - 1) / path_.layers;
    const std::int64_t early = state.bytes - state.last_bytes;
    if (early == 0) return;
    state.stage = Stage::sending_early;
    start_at(std::max(now, state.start_ps) + path_.set_up.ps(), request, early);
  } else if (state.stage == Stage::sent_early && state.end_ps >= 0) {
    send_last(request, std::max(now, state.end_ps + path_.set_up.ps()), state.last_bytes);
  }
}

void KvExchange::send_last(std::uint32_t request, std::int64_t time, std::int64_t bytes) {
  states_[request].stage = Stage::sending_last;
  start_at(time, request, bytes);
}

void KvExchange::start_at(std::int64_t time, std::uint32_t request, std::int64_t bytes) {
  starts_.push_back({time, started_++, request, bytes});
  std::push_heap(starts_.begin(), starts_.end(), later);
}

// ---- time ----------------------------------------------------------------------------------

SimTime KvExchange::next_event() const {
  const SimTime end = ends_.first_time();
  return starts_.empty() ? end : std::min(end, SimTime(starts_.front().time_ps));
}

std::uint32_t KvExchange::advance() {
  const SimTime now = next_event();
  if (!starts_.empty() && starts_.front().time_ps == now.ps()) {
    std::pop_heap(starts_.begin(), starts_.end(), later);
    const Start start = starts_.back();
    starts_.pop_back();
    State& state = states_[start.request];
    if (start.bytes == 0) {
      state.stage = Stage::complete;
      return start.request;
    }
    const std::size_t chosen = state.link;
    links_[chosen].start(start.request, now, Bytes(static_cast<double>(start.bytes)));
    ends_.set(chosen, links_[chosen].next_end());
    return kNone;
  }
  const std::size_t first = ends_.first_source();
  const std::uint32_t request = links_[first].end_next();
  ends_.set(first, links_[first].next_end());
  State& state = states_[request];
  if (state.stage == Stage::sending_early) {
    state.stage = Stage::sent_early;
    send_what_can_be(request, now.ps());
    return kNone;
  }
  state.stage = Stage::complete;
  return request;
}

}  // namespace orrery
