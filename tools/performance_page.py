#!/usr/bin/python3
"""Prints docs/PERFORMANCE.md from the JSON of the benchmarks: ./dev bench --page.

usage: performance_page.py FILE.json...
"""
import json
import subprocess
import sys

# What the page shows: benchmark, its counter ("cpu": its own CPU time), what it is, unit with scale, bar, and peers.
ROWS = [
    ("AzureConversation70BWithoutPrefixCache", "requests_per_cpu_s",
     "Azure conversation trace (one real hour, 19,366 requests), 70B on two replicas, prefix cache off",
     "requests/s", 1, ">= 1,000,000", "Vidur 596 to 772, splitwise-sim 1,045"),
    ("AzureConversation70B", "requests_per_cpu_s", "the same, prefix cache and asynchronous scheduling on",
     "requests/s", 1, "", ""),
    ("AzureConversation70BStepByStep", "requests_per_cpu_s", "the same, every step by itself", "requests/s", 1, "", ""),
    ("AzureConversation8BOnOneA100", "requests_per_cpu_s", "the same trace, 8B on one A100", "requests/s", 1,
     ">= 800,000", "Vidur 772"),
    ("AzureConversation8BOnOneA100", "steps_per_cpu_s", "its steps", "steps/s", 1, ">= 6,000,000", "Vidur 5,971"),
    ("MooncakeConversationOn8Engines", "requests_per_cpu_s",
     "Mooncake conversation trace (12,031 requests), 8B on eight engines, prefix cache on", "requests/s", 1,
     ">= 200,000", "DynoSim 9,796, other trace and machine"),
    ("EventsOfOneEngine", "s_per_event", "an event of one engine on the Azure trace: a scheduling and what is due",
     "ns", 1e9, "<= 150", ""),
    ("TenMillionRequestsOn64Replicas", "cpu", "ten million drawn requests on 64 replicas, summaries included", "s", 1,
     "", ""),
    ("TenMillionRequestsOn64Replicas", "peak_memory_MB", "its peak memory", "MB", 1, "<= 480", ""),
    ("EstimateOfEveryDeployment", "rows_per_cpu_s",
     "closed-form estimate of a deployment (`predict serving`), warm-up included", "rows/s", 1, ">= 500",
     "AIConfigurator 250"),
    ("GemmPrediction", "predictions_per_cpu_s", "calibrated GEMM predictions", "predictions/s", 1, ">= 500,000", ""),
    ("RadioCalendar", "packets_per_cpu_s", "one-way packets through the slots of a 5G cell, percentiles included",
     "packets/s", 1, ">= 5,000,000", ""),
    ("RadioCalendar32Users", "packets_per_cpu_s", "the same, 32 users and their control channel, no fading",
     "packets/s", 1, ">= 3,400,000", "5G-LENA 34, with fading and interference"),
    ("RadioDistribution", "packets_per_cpu_s", "one-way delays drawn from their exact distribution", "packets/s", 1,
     ">= 50,000,000", ""),
    ("StreamDdr4", "requests_per_cpu_s", "DRAM commands of one DDR4-2400 channel, stream of 64 B reads, 64 under way",
     "requests/s", 1, ">= 20,000,000", "Ramulator 2.1 0.33 M, DRAMsim3 0.40 M, DRAMSys 0.51 M"),
    ("StreamDdr5", "requests_per_cpu_s", "the same, a subchannel of DDR5-4800", "requests/s", 1, ">= 20,000,000",
     "0.17 M, 0.19 M"),
    ("StreamHbm2", "requests_per_cpu_s", "the same, a pseudo channel of HBM2", "requests/s", 1, ">= 20,000,000",
     "0.15 M, 0.29 M, 0.22 M"),
    ("StreamHbm3", "requests_per_cpu_s", "the same, a pseudo channel of HBM3-6400", "requests/s", 1, ">= 20,000,000",
     "0.10 M, 0.29 M"),
    ("RandomDdr4", "requests_per_cpu_s", "random reads, DDR4-2400", "requests/s", 1, ">= 2,000,000",
     "0.13 M, 0.23 M, 0.15 M"),
    ("RandomDdr5", "requests_per_cpu_s", "random reads, DDR5-4800", "requests/s", 1, ">= 2,000,000", "0.08 M, 0.12 M"),
    ("RandomHbm2", "requests_per_cpu_s", "random reads, HBM2", "requests/s", 1, ">= 2,000,000",
     "0.11 M, 0.24 M, 0.10 M"),
    ("RandomHbm3", "requests_per_cpu_s", "random reads, HBM3-6400", "requests/s", 1, ">= 2,000,000", "0.05 M, 0.17 M"),
    ("MixedDdr4", "requests_per_cpu_s", "random, one write to two reads, DDR4-2400", "requests/s", 1, ">= 2,000,000",
     "0.15 M, 0.18 M, 0.15 M"),
    ("MixedDdr5", "requests_per_cpu_s", "the same, DDR5-4800", "requests/s", 1, ">= 2,000,000", "0.09 M, 0.09 M"),
    ("MixedHbm2", "requests_per_cpu_s", "the same, HBM2", "requests/s", 1, ">= 2,000,000", "0.10 M, 0.14 M, 0.10 M"),
    ("MixedHbm3", "requests_per_cpu_s", "the same, HBM3-6400", "requests/s", 1, ">= 2,000,000", "0.04 M, 0.11 M"),
    ("RandomDdr4With32", "requests_per_cpu_s", "random reads, DDR4-2400, 32 under way", "requests/s", 1, "",
     "0.25 M, 0.36 M"),
    ("MixedDdr4With32", "requests_per_cpu_s", "one write to two reads, DDR4-2400, 32 under way", "requests/s", 1, "",
     "0.26 M, 0.29 M"),
    ("RandomHbm3With32", "requests_per_cpu_s", "random reads, HBM3-6400, 32 under way", "requests/s", 1, "",
     "0.08 M, 0.21 M"),
    ("OnePercentDdr4", "requests_per_cpu_s", "random reads at 1 % of the peak, DDR4-2400", "requests/s", 1,
     ">= 10,000,000", "0.10 M, 0.02 M"),
    ("OnePercentDdr5", "requests_per_cpu_s", "the same, DDR5-4800", "requests/s", 1, ">= 10,000,000", ""),
    ("OnePercentHbm2", "requests_per_cpu_s", "the same, HBM2", "requests/s", 1, ">= 10,000,000", ""),
    ("OnePercentHbm3", "requests_per_cpu_s", "the same, HBM3-6400", "requests/s", 1, ">= 10,000,000", "0.04 M, 0.02 M"),
    ("StreamHbm3Stack", "requests_per_cpu_s",
     "a pseudo channel of a stack of two stack ids, refreshed bank by bank: stream", "requests/s", 1, "", ""),
    ("RandomHbm3Stack", "requests_per_cpu_s", "the same, random reads", "requests/s", 1, "", ""),
    ("MixedHbm3Stack", "requests_per_cpu_s", "the same, one write to two reads", "requests/s", 1, "", ""),
    ("OnePercentHbm3Stack", "requests_per_cpu_s", "the same, random reads at 1 % of the peak", "requests/s", 1, "", ""),
    ("MillisecondOfH100Weights", "cpu", "a millisecond of an H100's five HBM3 stacks reading weights, all 160 units",
     "s", 1, "< 2", "Ramulator 2.1: about 8 minutes"),
    ("SharesOfOnePart", "cpu_ms", "what chips get of the pin rate of one part", "ms", 1, "", ""),
    ("StartUpOfFirstSteps", "cpu", "`orrery run scenarios/first-steps.yaml`, from exec to exit", "ms", 1, "", ""),
]


def command(*words):
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} logical processors"


def medians(paths):
    found = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        for run in report["benchmarks"]:
            name = run["name"].split("/")[0]
            is_median = run.get("aggregate_name") == "median"
            if (is_median or "aggregate_name" not in run) and not run.get("error_occurred"):
                if is_median or name not in found:
                    found[name] = run
    return found


def main(paths):
    if not paths or paths[0].startswith("-"):
        sys.exit(__doc__)
    runs = medians(paths)
    print("# Performance\n\nGenerated by `./dev bench --page`; not written by hand.\n")
    print(f"{command('date', '+%Y-%m-%d')}, {processor()}, a shared machine; CPU time of one thread, the median of three")
    print("repetitions. A replay is everything that grows with the requests: the trace is unpacked and served, latencies")
    print("are summed up and the conservation laws checked; reading the catalog and compiling the scenario is the last row.")
    print("Rows of DRAM are one unit of the devices that the peers were measured on, refresh of all banks, the default")
    print("controller, statistics and the activity that energy is computed from on, the checker off;")
    print("units of the H100 that are asked for the same are simulated once, and what all are asked for is compared.")
    print("Peers' figures are those of their own documents, or were measured on another shared machine: see")
    print("[METRICS.md](METRICS.md) for what the words mean.\n")
    print("| what | measured | unit | bar | peers |\n|---|---:|---|---|---|")
    for name, counter, what, unit, scale, bar, peers in ROWS:
        if name not in runs:
            continue
        run = runs[name]
        if counter == "cpu":
            value = run["cpu_time" if unit != "ms" else "real_time"]
        else:
            value = run["cpu_time" if counter == "cpu_ms" else counter]
        value *= scale
        print(f"| {what} | {value:,.0f} | {unit} | {bar} | {peers} |" if value >= 100
              else f"| {what} | {value:.3g} | {unit} | {bar} | {peers} |")


if __name__ == "__main__":
    main(sys.argv[1:])
