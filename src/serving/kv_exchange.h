#pragma once

#include <cstdint>
#include <vector>

#include "orrery/base/quantity.h"
#include "orrery/base/sim_time.h"
#include "orrery/network/shared_link.h"
#include "orrery/schema/enum_names.h"
#include "orrery/sim/source_queue.h"

namespace orrery {

/// Which transfers share one link.
enum class LinkSharing { pair, sender, receiver, pool };
template <>
struct EnumNames<LinkSharing> {
  static constexpr EnumRow<LinkSharing> kRows[] = {
      {LinkSharing::pair, "pair", "those from one prefill engine to one decode engine"},
      {LinkSharing::sender, "sender", "those of one prefill engine"},
      {LinkSharing::receiver, "receiver", "those to one decode engine"},
      {LinkSharing::pool, "pool", "all"},
  };
};

/// Who hands the first token to the user (V-95).
enum class FirstToken { prefill, decode };
template <>
struct EnumNames<FirstToken> {
  static constexpr EnumRow<FirstToken> kRows[] = {
      {FirstToken::prefill, "prefill", "the prefill engine, before the transfer; the decode engine continues from it"},
      {FirstToken::decode, "decode", "the decode engine, after the transfer, from the prompt's last token"},
  };
};

/// What of a prompt is sent while the rest of it is computed (V-94).
enum class TransferOverlap { none, layers };
template <>
struct EnumNames<TransferOverlap> {
  static constexpr EnumRow<TransferOverlap> kRows[] = {
      {TransferOverlap::none, "none", "nothing: the decode engine is asked, and fetches, when the prefill is over"},
      {TransferOverlap::layers, "layers",
       "all layers but the last: the prefill begins when the decode engine has reserved blocks"},
  };
};

/// How the keys and values of prompts get from prefill engines to decode engines.
struct TransferPath {
  BytesPerSecond capacity;     ///< of one link, all transfers together
  BytesPerSecond most_of_one;  ///< what one transfer can take of it
  SimTime set_up;              ///< > 0, before the first byte of a transfer: latency and the library's fixed time
  double bytes_per_token = 0;  ///< over all chips of the decode engine
  std::int64_t layers = 1;     ///< parts that TransferOverlap::layers sends one after the other
  LinkSharing sharing = LinkSharing::pair;
  FirstToken first_token = FirstToken::decode;
  TransferOverlap overlap = TransferOverlap::none;
};

/// The links between the engines of a pool that computes prompts and answers apart, and what is on them: in time
/// order, at most one transfer of each request. A transfer of nothing still takes its set-up.
///
/// With overlap, a transfer begins with the prefill, and sends all but the last of its equal parts at once: it may be
/// ahead of what is computed, by the time of one layer where the link is slower than the prefill, and by less than
/// it waits at the end where it is faster. The last part follows when the prefill is over.
/// Not modelled: the load of the chips' own memory, failed transfers (V-93).
class KvExchange {
 public:
  KvExchange(const TransferPath& path, std::size_t requests, std::size_t senders, std::size_t receivers);

  /// A request's prompt is being computed from `start` on, is computed, has blocks at a decode engine: in any order
  /// that the overlap allows. `now` is never before that of an earlier call.
  void prefill_starts(std::uint32_t request, SimTime now, SimTime start);
  void prefill_ends(std::uint32_t request, SimTime now);
  void blocks_reserved(std::uint32_t request, SimTime now, std::size_t sender, std::size_t receiver,
                       std::int64_t tokens);

  /// When something next happens on a link.
  SimTime next_event() const;
  /// Processes it: the request whose prompt is complete with it, or kNone.
  std::uint32_t advance();
  static constexpr std::uint32_t kNone = UINT32_MAX;

  const std::vector<SharedLink>& links() const { return links_; }
  std::int64_t transfers() const { return transfers_; }
  std::int64_t tokens() const { return tokens_; }
  /// Bytes of all transfers that were asked for.
  std::int64_t bytes() const { return bytes_; }

 private:
  enum class Stage : std::uint8_t { waiting, sending_early, sent_early, sending_last, complete };
  struct State {
    std::int64_t start_ps = -1;  ///< of the prefill; -1: not known
    std::int64_t end_ps = -1;
    std::int64_t last_bytes = 0;  ///< that wait for the end of the prefill
    std::int64_t bytes = -1;      ///< -1: no blocks yet
    std::uint32_t link = 0;
    Stage stage = Stage::waiting;
  };
  struct Start {
    std::int64_t time_ps;
    std::uint64_t number;
    std::uint32_t request;
    std::int64_t bytes;
  };
  static bool later(const Start& a, const Start& b) {
    return a.time_ps != b.time_ps ? a.time_ps > b.time_ps : a.number > b.number;
  }

  void send_what_can_be(std::uint32_t request, std::int64_t now);
  void send_last(std::uint32_t request, std::int64_t time, std::int64_t bytes);
  void start_at(std::int64_t time, std::uint32_t request, std::int64_t bytes);
  std::size_t link_of(std::size_t sender, std::size_t receiver) const;

  TransferPath path_;
  std::size_t receivers_;
  std::vector<SharedLink> links_;
  SourceQueue ends_;           ///< of the links
  std::vector<State> states_;  ///< by request
  std::vector<Start> starts_;  ///< a heap of transfers that are being set up
  std::uint64_t started_ = 0;
  std::int64_t transfers_ = 0;
  std::int64_t tokens_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace orrery
