#include "orrery/base/diagnostic_codes.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr DiagnosticCode kCodes[] = {
    {"announced-as-measured", "an announced product carries a measured status",
     "A chip, memory or server that was only announced has no silicon to measure. Its quantities may be\n"
     "`announced`, `estimated` or `assumed`, never `measured` or `fitted`: results must not make it look\n"
     "like a product that somebody has tested. Change the status of the quantity, or that of the entry."},
    {"dangling-reference", "a name refers to nothing in the catalog or the scenario",
     "Scenarios and catalog entries refer to other entries by id, the file name without `.yaml`.\n"
     "The id given here does not exist in that folder of the catalog, or that pool or service does not\n"
     "exist in the scenario. `orrery list KIND` prints the ids."},
    {"duplicate-key", "the same key stands twice in one mapping",
     "YAML readers usually keep one of the two and drop the other in silence, so that a changed value\n"
     "has no effect. Keep one of them; the note shows where the first one is."},
    {"empty-file", "the file holds no content",
     "A scenario or catalog file must be a mapping of keys to values. `orrery init TEMPLATE` writes a\n"
     "commented scenario to start from."},
    {"empty-trace", "a trace holds no requests",
     "The trace was read, but no row of it is a request, or no line an access of memory. Check that it is\n"
     "the right file, and whether `--skip-bad-rows` has skipped every row."},
    {"id-mismatch", "an entry's id differs from its file name",
     "One catalog entry is one file, and its id is the file name without `.yaml`, so that a reference\n"
     "can be found by eye. Rename the file or change the id."},
    {"impossible-physics", "a value contradicts the physics or another value",
     "The values are each readable, but cannot be true together or at all: more bandwidth than the pins\n"
     "can carry, an idle power above the peak power, more active experts than experts. The message names\n"
     "both sides and their values."},
    {"invalid-adapters", "adapters do not go with the model",
     "Low-rank adapters are described for models with dense layers and plain attention: which of their\n"
     "matrices an adapter of experts or of latent attention would change differs from case to case."},
    {"invalid-expression", "an expression over timings cannot be read",
     "Constraints and intervals of a DRAM standard are expressions over the timings that the standard names, nBL,\n"
     "`ranks`, `bank_groups` and `banks_per_group`, with + - * / ( ) and max(a, b), min(a, b). The message says what\n"
     "could not be read; `orrery show standard ID` prints the names."},
    {"invalid-number", "a text is not a number",
     "Numbers are decimal, with an optional sign, fraction and exponent: `12`, `0.5`, `1e6`. There is no\n"
     "hexadecimal and no octal (`010` is ten), and `nan` and `inf` are not numbers here."},
    {"invalid-override", "a --set does not have the form PATH=VALUE",
     "`--set` takes a path of keys joined by dots and a value in YAML, for example\n"
     "`--set pools.chat.tensor_parallel=2`. List items are addressed by their position from 0. The\n"
     "value is read exactly as if it stood in the scenario file."},
    {"invalid-parallelism", "the parallel layout does not fit the model or the server",
     "Tensor parallelism must divide the chips of a server, the attention heads and the widths that it\n"
     "shards. The message names the numbers; choose another degree or another server."},
    {"invalid-speculation", "drafts do not go with the model or the engine",
     "A drafter must speak the tokens of the model that verifies them, a head cannot be deeper than its\n"
     "model, and a step must have room for the drafts of one sequence. Speculation is simulated with\n"
     "synchronous scheduling: `async_scheduling: false`."},
    {"invalid-trace-row", "a row of a trace cannot be read",
     "The row lacks a column, holds something that is not a number, a negative time or a token count\n"
     "below one. Nothing was simulated. `--skip-bad-rows` leaves such rows out and prints how many.\n"
     "A line of a memory trace has an address that is no number or lies beyond the memory; the message names\n"
     "the limit, and no address is ever wrapped around."},
    {"invalid-yaml", "the file is not valid YAML",
     "The text cannot be parsed. Usual causes are a missing space after a colon, an unclosed quote or\n"
     "bracket, and lines of one mapping that start at different columns."},
    {"kind-mismatch", "the file holds another kind of entry than expected",
     "Every catalog entry says its `kind`, and lies in the folder of that name. A reference to a chip\n"
     "must lead to an entry of kind `chip`."},
    {"kv-cannot-fit", "no room is left for the KV cache",
     "After weights, activations and the engine's own memory, too little memory is left for KV blocks.\n"
     "Use more chips per replica (`tensor_parallel`), a chip with more memory, smaller weights or KV\n"
     "entries (`precision`), or a shorter `max_model_len`."},
    {"many-findings", "there are more findings than are shown",
     "After the first thousand, findings are only counted. So many usually have one cause near the\n"
     "beginning: a file of another kind, or a list in place of a mapping."},
    {"missing-key", "a required key is absent",
     "There is no default for it: a value that nobody gave would be a value that nobody checked. The\n"
     "message says what the key means and which unit it takes."},
    {"missing-source", "a quantity has no source",
     "Every quantity of the catalog says where it comes from: the entry's `source`, its own `source`, or\n"
     "the status `assumed`. Results repeat the weakest status they rest on."},
    {"missing-unit", "a bare number stands where a quantity with a unit is due",
     "Write the unit: `3.35 TB/s`, `80 GB`, `700 W`, `12 ms`, `$2.10/h`. GB is 10^9 bytes and GiB is 2^30\n"
     "bytes; a bare `G` is an error. So nobody has to guess what a number means."},
    {"model-does-not-fit", "the weights are larger than the memory that may hold them",
     "The weights of one rank exceed the share of the chip's memory that the engine may use. Use more\n"
     "chips per replica, a chip with more memory, or a narrower weight precision."},
    {"out-of-range", "a value lies outside the range in which it makes sense",
     "The message names the range. It is wide on purpose: a value outside it is nearly always a slip of\n"
     "the unit or of the decimal point."},
    {"pools-do-not-match", "one pool cannot compute the prompts of the other",
     "Keys and values that one pool computes are used by another as they are: both must run the same\n"
     "model, keep the cache in the same format and in blocks of the same size, and stand at the same\n"
     "site. A pool that computes prompts does so for one other pool, and has no services of its own."},
    {"second-document", "the file holds more than one YAML document",
     "Only one document is read per file. Remove the `---` line in the middle, or split the file."},
    {"tab-indentation", "a tab is used to indent",
     "YAML forbids tabs in indentation, since their width is a matter of taste. Use spaces."},
    {"too-deep", "the file is nested too deeply",
     "No scenario or catalog entry needs more than 64 levels. This is usually a bracket that was never\n"
     "closed."},
    {"triangle-violation", "ways over a third region are shorter than the direct one",
     "A warning. Figures of a table of round trips were measured on different paths, or are percentiles, which do\n"
     "not add up; they are kept as they were measured. The table says under `detours` how many such ways it has,\n"
     "and here it has another number: a figure may have been mistyped. `orrery wan` lists them all."},
    {"unknown-key", "a key is not known at this place",
     "It would have no effect, and the run would use other values than the file seems to say. The hint\n"
     "names the nearest known key; `orrery schema KIND --markdown` lists them all."},
    {"unknown-name", "a word is not one of those that are allowed here",
     "The message lists the allowed words, and the hint the nearest one."},
    {"unknown-source", "a `source` names nothing in `sources`",
     "A quantity's `source` is a key of the same entry's `sources`, which gives title, publisher, date,\n"
     "place and address."},
    {"unknown-trace-format", "the trace's format is not known",
     "Known are Azure CSV (TIMESTAMP,ContextTokens,GeneratedTokens), Mooncake JSONL (timestamp,\n"
     "input_length, output_length, hash_ids), and CSV with the columns arrival_s, input_tokens and\n"
     "output_tokens. Each may be compressed with gzip (`.gz`). Traces of memory are lines like `0x12340 R 100`,\n"
     "`LD 0x12340`, `R 0,1,2,100,32` or `0x12340 READ 100`: `orrery memory --help`."},
    {"unknown-unit", "a text is not a unit",
     "Units are written as in print: B, kB, GB, GiB, GB/s, FLOP, TFLOP/s, W, J, pJ/B, s, ms, us, h, $,\n"
     "USD/h, USD/kWh, gCO2/kWh, token, req/s, GHz. Case matters: GB is not Gb."},
    {"unreadable-file", "a file cannot be read",
     "It does not exist, is a directory, is too large, or the permissions do not allow reading it."},
    {"unsorted-trace", "the times of a trace go backwards",
     "Rows of a trace must be in order of arrival. Sort the file by its time column; nothing is\n"
     "re-ordered in silence."},
    {"unsupported-precision", "the chip has no such arithmetic, or the model no such tensors",
     "The chip's entry lists the precisions that its matrix units compute in. Weights may be narrower\n"
     "than activations (they are expanded on the way), but activations must be in a precision that the\n"
     "chip computes in."},
    {"wrong-type", "a value has another shape than expected",
     "A mapping, a list or a single value was expected here, and another one was found. The message says\n"
     "which."},
    {"wrong-unit", "a quantity is measured in another dimension",
     "The unit is known, but it measures something else: bytes where bytes per second are due, say."},
    {"yaml-alias", "YAML anchors, aliases, merge keys and tags are not supported",
     "`&name`, `*name` and `<<: *name` copy values in from elsewhere, where no reader of the file sees\n"
     "them and no message could point at them. Write the values out, or use `--set` for variants. A tag\n"
     "such as `!!int` would say what a value is; here that follows from its key."},
};

}  // namespace

std::span<const DiagnosticCode> diagnostic_codes() { return kCodes; }

const DiagnosticCode* find_diagnostic_code(std::string_view code) {
  const auto* found =
      std::find_if(std::begin(kCodes), std::end(kCodes), [&](const DiagnosticCode& row) { return row.code == code; });
  return found == std::end(kCodes) ? nullptr : found;
}

}  // namespace orrery
