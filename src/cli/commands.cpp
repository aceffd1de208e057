#include "orrery/cli/command.h"

namespace orrery {
namespace {

using enum OptionRow::Count;

constexpr OptionRow kGlobalOptions[] = {
    {"--catalog", "DIR", "folder of facts; else $ORRERY_CATALOG, else the one beside the program"},
    {"-h,--help", "", "this text"},
};

constexpr OptionRow kRunOptions[] = {
    {"SCENARIO", "", "scenario file", required},
    {"--set", "PATH=VALUE", "change the scenario, as in pools.chat.servers=4", any},
    {"--trace", "[SERVICE=]FILE", "recorded requests in place of the scenario's own", any},
    {"--skip-bad-rows", "", "leave out rows of a trace that cannot be read"},
    {"--seed", "N", "in place of the scenario's own"},
    {"--threads", "N", "at most so many; the result is the same"},
    {"--step-by-step", "", "advance every step by itself: the same result, slower"},
    {"--out", "DIR", "keep the run: scenario.yaml, summary.json, results.sqlite"},
    {"--force", "", "replace the run that DIR holds"},
    {"--requests-out", "FILE", "one CSV line per request"},
    {"--require", "CONDITION", "'slo', or as in 'latency_s.ttft.p95<=1 s'; exit code 4 when missed", any},
    {"--json", "", "print the summary as JSON"},
    {"--quiet", "", "no progress and no summary"},
};

constexpr OptionRow kListOptions[] = {
    {"KIND", "", "chip, model, ...; the kinds themselves when absent"},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kShowOptions[] = {
    {"KIND", "", "chip, model, ...", required},
    {"ID", "", "as `orrery list KIND` prints it", required},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kCheckOptions[] = {
    {"FILE", "", "scenarios or catalog entries; the whole catalog and the shipped scenarios when absent", any},
    {"--json", "", "print the findings as a JSON array"},
};

constexpr OptionRow kSchemaOptions[] = {
    {"KIND", "", "scenario (when absent), chip, model, ..."},
    {"--markdown", "", "a reference page in place of JSON Schema"},
};

constexpr OptionRow kExplainOptions[] = {
    {"WHAT", "", "a scenario file, or the word in error[...]; all codes when absent"},
    {"--batch", "LIST", "sequences of a step; 1,2,4,8,16,32,64,128 when absent"},
    {"--context", "LIST", "cached tokens of a sequence; 1024,2048,...,32768 when absent"},
    {"--set", "PATH=VALUE", "change the scenario", any},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kInitOptions[] = {
    {"TEMPLATE", "", "name of a shipped scenario; all of them are listed when absent"},
    {"-o,--output", "FILE", "where to; TEMPLATE.yaml when absent, - for stdout. Never overwrites"},
};

constexpr OptionRow kProfileOptions[] = {
    {"TRACE", "", "recorded requests: Azure CSV, Mooncake JSONL or our own CSV, also .gz", required},
    {"--id", "ID", "of the catalog entry; taken from the file name when absent"},
    {"--publisher", "NAME", "who published the trace"},
    {"--date", "DATE", "of its publication: YYYY, YYYY-MM or YYYY-MM-DD"},
    {"--url", "URL", "where it can be had"},
    {"--skip-bad-rows", "", "leave out rows that cannot be read"},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kPredictOptions[] = {
    {"KIND", "", "operator: gemm, attention_context, moe, nccl, ...; or serving: whole deployments", required},
    {"IN", "", "CSV with a header line, also .gz: gpu and the columns of the operator, or of e2e.csv", required},
    {"-o,--output", "FILE", "the same rows with predictions, their 80 % bands and basis; - for stdout", required},
    {"--exclude-gpu", "ID", "as if the measurements of that chip did not exist"},
};

constexpr OptionRow kFitOptions[] = {
    {"FOLDER", "", "measured points: KIND.csv or KIND.csv.gz for each operator", required},
    {"-o,--output", "DIR", "where the entries go, as in catalog/calibration", required},
    {"--suite", "NAME", "operators (when absent) or serving: runs of whole deployments in e2e.csv"},
    {"--operator", "KIND", "only this one", any},
    {"--gpu", "ID", "write the entry of this chip alone"},
    {"--points", "N", "use N points of each family, of --gpu or of all chips: how well would so few do?"},
    {"--title", "TEXT", "of the data, for the entries' sources"},
    {"--publisher", "NAME", "of the data"},
    {"--date", "DATE", "of the data"},
    {"--fit-date", "DATE", "of the fit; today when absent"},
};

constexpr OptionRow kValidateOptions[] = {
    {"FOLDER", "", "KIND.csv.gz of each operator and e2e.csv.gz; or runs of real engines, request by request",
     required},
    {"--suite", "NAME", "operators (when absent) or serving: runs of whole deployments in e2e.csv"},
    {"--operator", "KIND", "only this one", any},
    {"--markdown", "", "as docs/ACCURACY.md"},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kOpOptions[] = {
    {"CHIPS", "", "a chip by id or other name; several, as in a,b:fp8,c, are set side by side, each with its dtype",
     required},
    {"KIND", "", "operator: gemm, attention_generation, moe, nccl, elementwise, output_layer, ...", required},
    {"--sweep", "COLUMN=LOW..HIGH", "a roofline plot over powers of two"},
    {"--hot", "", "as a benchmark measures it, operands left in the cache"},
    {"--exclude-gpu", "ID", "as if the measurements of that chip did not exist"},
    {"--json", "", "print JSON"},
    {"--dtype", "NAME", "bfloat16, fp8, ..., as the data calls it; compressed: the chip's own compression"},
    {"--bytes", "N", "read and written in one pass"},
    {"--vocabulary", "N", "tokens that the model knows"},
    {"--kernel", "NAME", "as the data calls it"},
    {"--m", "N", "tokens"},
    {"--n", "N", "output features"},
    {"--k", "N", "input features"},
    {"--batch", "N", "sequences"},
    {"--query_tokens", "N", "of each sequence"},
    {"--prefix_tokens", "N", "cached tokens before them; none when absent"},
    {"--kv_tokens", "N", "length of the cache, the new token included"},
    {"--q_heads", "N", "query heads on this chip"},
    {"--kv_heads", "N", "key and value heads on this chip"},
    {"--head_dim", "N", "width of a head"},
    {"--window_tokens", "N", "sliding window; full attention when absent"},
    {"--attn_dtype", "NAME", "of queries and output"},
    {"--kv_cache_dtype", "NAME", "of the cache"},
    {"--mla_dtype", "NAME", "of queries and output"},
    {"--tokens", "N", "entering the layer"},
    {"--hidden", "N", "width of the model"},
    {"--inter", "N", "width of an expert"},
    {"--topk", "N", "experts of a token"},
    {"--experts", "N", "of the layer"},
    {"--moe_tp", "N", "chips that share an expert"},
    {"--moe_ep", "N", "chips that the experts are spread over"},
    {"--distribution", "NAME", "of tokens over experts: balanced, power_law_1.2"},
    {"--gemms_per_expert", "N", "3 gated, 2 not"},
    {"--collective", "NAME", "all_reduce, all_gather, reduce_scatter, alltoall"},
    {"--num_gpus", "N", "chips that take part"},
    {"--message_bytes", "N", "of the buffer"},
    {"--launch_mode", "NAME", "graph or eager"},
    {"--nodes", "N", "servers that take part"},
    {"--tokens_per_gpu", "N", "of each chip"},
    {"--comm_sms", "N", "compute units given to communication"},
};

constexpr OptionRow kNetworkOptions[] = {
    {"LINK", "", "between the chips of a node; of reach network: between nodes of one chip", required},
    {"--ranks", "N", "chips of each node"},
    {"--nodes", "N", "1 when absent"},
    {"--between", "LINK", "between nodes, one for each chip; needed for several nodes of several chips"},
    {"--bandwidth", "RATE", "of LINK, one chip, one direction, in place of its own, as in '192 GB/s'"},
    {"--bytes", "SIZE", "of each rank's buffer, as nccl-tests counts it: '64 MiB', or a plain number of bytes"},
    {"--sweep", "LOW..HIGH", "powers of two from LOW to HIGH bytes in place of --bytes, as in 1024..1073741824"},
    {"--collective", "NAME", "all_reduce, all_gather, reduce_scatter, all_to_all, point_to_point, dispatch, combine"},
    {"--tokens", "N", "of each chip, for dispatch and combine"},
    {"--hidden", "N", "width of the model"},
    {"--experts", "N", "of the layer"},
    {"--topk", "N", "experts of a token"},
    {"--kernels", "NAME", "of dispatch and combine: low-latency (when absent) or normal"},
    {"--units", "N", "compute units that normal kernels get"},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kRadioOptions[] = {
    {"CELL", "", "a cell of the catalog: `orrery list radio`", required},
    {"--users", "N", "who send small questions; 1 when absent"},
    {"--gap", "TIME", "mean time between the questions of one user; 100 ms when absent"},
    {"--grant", "NAME", "configured, unsolicited, sr or sr_bsr, in place of the cell's own"},
    {"--sr-period", "TIME", "in place of the cell's own, as in '20 ms'"},
    {"--load", "SHARE", "of the slots that others have filled, as in 0.3; 0 when absent"},
    {"--packets", "N", "questions of all users together; 1000000 when absent"},
    {"--pdcch", "N", "entries of the control channel in a slot, in place of the cell's own"},
    {"--streams", "", "token streams that the control channel carries"},
    {"--bulk", "SIZE", "downlink transfers of that size as well, as in '5 MB': slot by slot and by processor sharing"},
    {"--bulk-rate", "RATE", "how often one starts, as in '10 /s'"},
    {"--seed", "N", "of what is random; 1 when absent"},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kAccessOptions[] = {
    {"ID", "", "home Wi-Fi or a fixed line: `orrery list access`", required},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kWanOptions[] = {
    {"FROM", "", "the region that a round trip starts from; without regions, the whole table"},
    {"TO", "", "the region at its other end"},
    {"--table", "ID", "of round trips: `orrery list wan`; may be left out where there is one"},
    {"--cell", "ID", "adds a user in a cell of FROM: the network's share of the time to first token, by parts"},
    {"--access", "ID", "the same for a user at home"},
    {"--request", "SIZE", "of the user's request, as in '6 kB' or '1.5 MB' for a photo"},
    {"--new", "", "the request opens a new connection"},
    {"--quiet", "TIME", "since the user's last traffic: the cell may have put the user to sleep"},
    {"--server-time", "TIME", "up to the first token: the user may fall asleep; not counted itself"},
    {"--tokens", "N", "of the answer: its packets, bytes, price and energy"},
    {"--stream-interval", "N", "tokens of a chunk; 1 when absent"},
    {"--transport", "ID", "`orrery list transport`; may be left out where there is one"},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kMemoryOptions[] = {
    {"PARTS", "", "a part by id, of a height as in hbm3e-9200:12; several, as in a,b, are set side by side", required},
    {"--pattern", "LIST",
     "stream (when absent), random, mixed, turnaround, ping_pong, ping_pong_write, idle_bursts, strided; over all "
     "units: "
     "weight_stream, kv_gather, expert_fetch, weights_and_appends"},
    {"--model", "ID", "whose keys and values, or experts, are read"},
    {"--requests", "N", "blocks of 64 bytes of each unit; 100000 when absent"},
    {"--outstanding", "N", "read bursts of a unit that may be under way; 64 when absent"},
    {"--load", "SHARE", "of the peak, as in 0.25: requests come at that pace, however many are under way"},
    {"--curve", "", "latency at loads from 1 % to 100 %, as a table and a plot"},
    {"--trace", "FILE", "recorded accesses of the whole memory, also .gz"},
    {"--trace-format", "NAME", "plain, load-store, coordinates or dramsim3; seen from the first line when absent"},
    {"--packages", "N", "stacks, packages or modules beside each other; 1 when absent"},
    {"--all-units", "", "simulate every unit of the memory, where else the first stands for all"},
    {"--policy", "NAME", "row-hit-first (when absent), ramulator2, ramulator2-row-hit"},
    {"--page", "NAME", "open (when absent), closed, adaptive"},
    {"--refresh", "NAME", "all-bank, per-bank, same-bank, none; the usual one of the standard when absent"},
    {"--temperature", "CELSIUS", "hot memory is refreshed more often"},
    {"--in-band-ecc", "", "an eighth of each row holds the code of the rest, as with LPDDR; adds its traffic"},
    {"--queue", "N", "entries of the read and of the write queue; 64 when absent"},
    {"--mapping", "SPEC",
     "default, RoBaRaCoCh, ChRaBaRoCo, MOP4CLXOR, or as in 'row|rank|bank|column|group|column:1,bank^row'"},
    {"--pin-rate", "RATE", "in place of the part's own, as in '9.2 Gbit/s'"},
    {"--ranks", "N", "in place of the part's own"},
    {"--timing", "NAME=CLOCKS", "in place of the part's own, as in FAW=20", any},
    {"--power-down", "TIME", "idle time before power-down, as in '200 ns'; never when absent"},
    {"--self-refresh", "TIME", "idle time before self-refresh; never when absent"},
    {"--manage-after", "N", "activations of a bank before it gets refresh management (RFM); never when absent"},
    {"--stride", "N", "blocks from one access of strided to the next"},
    {"--write-share", "SHARE", "of the bursts of weights_and_appends"},
    {"--toggle", "SHARE", "of the data's bits that change; 0.5 (random data) when absent"},
    {"--seed", "N", "of what is random; 0 gives the reference's numbers"},
    {"--threads", "N", "units at a time; the result is the same"},
    {"--check", "", "test each command against the standard's rules, typed apart from the controller's"},
    {"--commands-out", "FILE", "every command as CSV"},
    {"--power-out", "FILE", "power over time as CSV"},
    {"--power-window", "TIME", "of its rows; 1 us when absent"},
    {"--json", "", "print JSON"},
};

constexpr OptionRow kVersionOptions[] = {
    {"--json", "", "print JSON"},
};

constexpr OptionRow kHelpOptions[] = {
    {"COMMAND", "", "which"},
};

constexpr CommandRow kCommands[] = {
    {"run", "Simulate", "simulate a scenario and print what its users would see", kRunOptions, command_run},
    {"explain", "Simulate", "take the decode steps of a scenario apart, or say what an error code means",
     kExplainOptions, command_explain},
    {"init", "Write scenarios", "copy a shipped scenario to start from", kInitOptions, command_init},
    {"check", "Write scenarios", "report every problem of scenarios and catalog entries", kCheckOptions, command_check},
    {"schema", "Write scenarios", "JSON Schema for editors, or a reference page", kSchemaOptions, command_schema},
    {"list", "Look facts up", "list the catalog's kinds, or the entries of one", kListOptions, command_list},
    {"show", "Look facts up", "print a catalog entry with statuses and sources", kShowOptions, command_show},
    {"profile", "Look facts up", "turn a trace into a workload profile for the catalog", kProfileOptions,
     command_profile},
    {"op", "Predict operators", "time of one operator on a chip, its terms and its limit", kOpOptions, command_op},
    {"memory", "Predict operators", "bandwidth, latency and energy of DRAM, command by command", kMemoryOptions,
     command_memory},
    {"network", "Predict operators", "time of collectives between chips and between nodes", kNetworkOptions,
     command_network},
    {"radio", "Predict operators", "delays and rates of a cell of a mobile network", kRadioOptions, command_radio},
    {"access", "Predict operators", "delays of home Wi-Fi and fixed lines", kAccessOptions, command_access},
    {"wan", "Predict operators", "round trips between regions, and a request's way to the first token", kWanOptions,
     command_wan},
    {"predict", "Predict operators", "append predictions to a table of operators or of deployments", kPredictOptions,
     command_predict},
    {"fit", "Predict operators", "fit operator constants to measured points", kFitOptions, command_fit},
    {"validate", "Predict operators", "print how well measured points are predicted", kValidateOptions,
     command_validate},
    {"version", "About", "print the version", kVersionOptions, command_version},
    {"help", "About", "print help on a command", kHelpOptions, command_help},
};

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }
std::span<const OptionRow> global_options() { return kGlobalOptions; }

}  // namespace orrery
