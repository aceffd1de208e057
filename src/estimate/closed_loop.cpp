#include "orrery/estimate/closed_loop.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <queue>
#include <vector>

#include "orrery/base/random_stream.h"

namespace orrery {
namespace {

constexpr std::int64_t kRounds = 10;   // requests for each user, as benchmarks do
constexpr std::int64_t kFewest = 200;  // over all repetitions, so that a few users do not leave the mean to chance
constexpr double kMostSequences = 4096;

struct Request {
  double arrival = 0;
  double input = 1;
  double output = 1;
  double computed = 0;
  double first_token = 0;
};

class Loop {
 public:
  Loop(const RankSteps& steps, const ClosedLoop& loop, std::uint64_t seed)
      : steps_(steps), loop_(loop), lengths_(seed, "estimate", "lengths"), total_(kRounds * loop.users) {}

  LoopTimes run() {
    while (submitted_ < loop_.users) submit();
    while (finished_ < total_) step();
    const auto count = static_cast<double>(total_);
    return {ttft_ / count, with_gaps_ > 0 ? tpot_ / with_gaps_ : 0};
  }

 private:
  struct Deadline {
    double tick;
    std::size_t request;
    bool operator>(const Deadline& b) const { return tick != b.tick ? tick > b.tick : request > b.request; }
  };

  double draw(double nominal) {
    const double share = loop_.shortest_share + (1 - loop_.shortest_share) * lengths_.uniform();
    return std::max(1.0, std::floor(nominal * share));
  }

  void submit() {
    Request request;
    request.arrival = now_;
    request.input = draw(loop_.input_tokens);
    request.output = draw(loop_.output_tokens);
    waiting_.push_back(requests_.size());
    requests_.push_back(request);
    ++submitted_;
  }

  /// Takes prompts into the step; returns the tokens of their chunks and appends those that end.
  double take_prompts(double budget, double& prompts, std::vector<std::size_t>& complete) {
    double taken = 0;
    while (!waiting_.empty() && budget > 0) {
      Request& head = requests_[waiting_.front()];
      const bool is_new = head.computed == 0;
      const double held = head.input + head.output;
      if (is_new && decoding_ + static_cast<double>(complete.size()) + 1 > kMostSequences) break;
      if (is_new && cached_limit_ + held > loop_.cache_tokens && cached_limit_ > 0) break;
      if (is_new) cached_limit_ += held;
      const double chunk = std::min(budget, head.input - head.computed);
      head.computed += chunk;
      budget -= chunk;
      taken += chunk;
      ++prompts;
      if (head.computed < head.input) break;
      complete.push_back(waiting_.front());
      waiting_.pop_front();
    }
    return taken;
  }

  void step() {
    std::vector<std::size_t> complete;
    double prompts = 0;
    const bool pauses = loop_.prompts_pause_decoding;
    const double chunk = take_prompts(loop_.token_budget - (pauses ? 0 : decoding_), prompts, complete);
    if (chunk > 0) {
      const double decoding = pauses ? 0 : decoding_;
      now_ += steps_.step(decoding, pauses ? 0 : cached_ + decoding, prompts, chunk);
      advance(pauses ? 0 : 1);
    } else {
      const double count = deadlines_.top().tick - tick_;
      const double first = steps_.step(decoding_, cached_ + decoding_, 0, 0);
      now_ += count * first + decoding_ * steps_.decode_token * count * (count - 1) / 2;
      advance(count);
    }
    for (const std::size_t index : complete) join(index);
    while (!deadlines_.empty() && deadlines_.top().tick <= tick_) {
      const std::size_t index = deadlines_.top().request;
      deadlines_.pop();
      leave(index);
    }
  }

  void advance(double steps) {
    tick_ += steps;
    cached_ += steps * decoding_;
  }

  void join(std::size_t index) {
    Request& request = requests_[index];
    request.first_token = now_;
    ttft_ += now_ - request.arrival;
    ++decoding_;
    cached_ += request.input;
    deadlines_.push({tick_ + request.output - 1, index});
  }

  void leave(std::size_t index) {
    const Request& request = requests_[index];
    --decoding_;
    cached_ -= request.input + request.output - 1;
    cached_limit_ -= request.input + request.output;
    ++finished_;
    if (request.output > 1) {
      tpot_ += (now_ - request.first_token) / (request.output - 1);
      ++with_gaps_;
    }
    if (submitted_ < total_) submit();
  }

  const RankSteps& steps_;
  const ClosedLoop& loop_;
  RandomStream lengths_;
  std::int64_t total_;
  std::int64_t submitted_ = 0;
  std::int64_t finished_ = 0;
  std::vector<Request> requests_;
  std::deque<std::size_t> waiting_;
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
  double now_ = 0;
  double tick_ = 0;
  double decoding_ = 0;
  double cached_ = 0;
  double cached_limit_ = 0;  ///< tokens that the running requests will hold at their end
  double ttft_ = 0;
  double tpot_ = 0;
  double with_gaps_ = 0;
};

}  // namespace

LoopTimes run_closed_loop(const RankSteps& steps, const ClosedLoop& loop, std::uint64_t seed) {
  const std::int64_t repetitions = (kFewest + kRounds * loop.users - 1) / (kRounds * loop.users);
  LoopTimes sum;
  for (std::int64_t i = 0; i < repetitions; ++i) {
    const LoopTimes one = Loop(steps, loop, seed + static_cast<std::uint64_t>(i)).run();
    sum.ttft_us += one.ttft_us / static_cast<double>(repetitions);
    sum.tpot_us += one.tpot_us / static_cast<double>(repetitions);
  }
  return sum;
}

}  // namespace orrery
