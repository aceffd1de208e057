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
    {"CODE", "", "the word in error[...]; all codes when absent"},
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

constexpr OptionRow kVersionOptions[] = {
    {"--json", "", "print JSON"},
};

constexpr OptionRow kHelpOptions[] = {
    {"COMMAND", "", "which"},
};

constexpr CommandRow kCommands[] = {
    {"run", "Simulate", "simulate a scenario and print what its users would see", kRunOptions, command_run},
    {"init", "Write scenarios", "copy a shipped scenario to start from", kInitOptions, command_init},
    {"check", "Write scenarios", "report every problem of scenarios and catalog entries", kCheckOptions, command_check},
    {"explain", "Write scenarios", "say what an error code means and how to mend it", kExplainOptions, command_explain},
    {"schema", "Write scenarios", "JSON Schema for editors, or a reference page", kSchemaOptions, command_schema},
    {"list", "Look facts up", "list the catalog's kinds, or the entries of one", kListOptions, command_list},
    {"show", "Look facts up", "print a catalog entry with statuses and sources", kShowOptions, command_show},
    {"profile", "Look facts up", "turn a trace into a workload profile for the catalog", kProfileOptions,
     command_profile},
    {"version", "About", "print the version", kVersionOptions, command_version},
    {"help", "About", "print help on a command", kHelpOptions, command_help},
};

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }
std::span<const OptionRow> global_options() { return kGlobalOptions; }

}  // namespace orrery
