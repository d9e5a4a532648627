// Metrics in Prometheus' text form. Every label is one of the broker's own words: nothing that a client sent becomes a
// label, so nobody can make it grow. It measures nothing itself.
import { VERSION } from "../version.ts";

export interface Metrics {
  request(route: string, method: string, status: number, seconds: number): void;
  decision(kind: string, outcome: string): void;
  commit(seconds: number, ok: boolean): void;
  lastCommitFailed(): boolean;
  limited(limit: "client" | "address" | "failures"): void;
  clockJumped(): void;
  /** Told at each reading: what is now, rather than what happened. */
  gauge(name: string, help: string, read: () => number): void;
  text(): string;
}

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function createMetrics(): Metrics {
  const requests = new Map<string, number>();
  const latencies = new Map<string, Histogram>();
  const decisions = new Map<string, number>();
  const limited = new Map<string, number>();
  const commits = histogram();
  const gauges: (() => string)[] = [];
  let failedCommits = 0;
  let lastFailed = false;
  let clockJumps = 0;
  return {
    request(route, method, status, seconds) {
      count(requests, `route="${route}",method="${method}",status="${status}"`);
      const key = `route="${route}"`;
      let known = latencies.get(key);
      if (known === undefined) latencies.set(key, (known = histogram()));
      observe(known, seconds);
    },
    decision: (kind, outcome) => count(decisions, `kind="${kind}",outcome="${outcome}"`),
    commit(seconds, ok) {
      observe(commits, seconds);
      if (!ok) failedCommits += 1;
      lastFailed = !ok;
    },
    lastCommitFailed: () => lastFailed,
    limited: (limit) => count(limited, `limit="${limit}"`),
    clockJumped: () => void (clockJumps += 1),
    gauge: (name, help, read) => void gauges.push(() => one(name, "gauge", help, read())),
    text: () =>
      [
        ...counters("keywright_requests_total", "Requests answered.", requests),
        head("keywright_request_seconds", "histogram", "From the first look at a request to its answer."),
        ...[...latencies].flatMap(([labels, known]) => shown("keywright_request_seconds", known, labels)),
        ...counters("keywright_decisions_total", "Entries of the audit, by outcome.", decisions),
        ...counters("keywright_rate_limited_total", "Requests answered with 429.", limited),
        head("keywright_commit_seconds", "histogram", "Transactions of the database, the disk included."),
        ...shown("keywright_commit_seconds", commits),
        one("keywright_commit_failures_total", "counter", "Transactions that failed.", failedCommits),
        one("keywright_clock_jumps_total", "counter", "Times that the system's clock was put.", clockJumps),
        ...gauges.map((gauge) => gauge()),
        head("keywright_build_info", "gauge", "The version that runs."),
        `keywright_build_info{version="${VERSION}"} 1`,
      ].join("\n") + "\n",
  };
}

function histogram(): Histogram {
  return { counts: BOUNDS.map(() => 0), sum: 0, count: 0 };
}

function observe(known: Histogram, value: number): void {
  const seconds = Math.max(0, value);
  const at = BOUNDS.findIndex((bound) => seconds <= bound);
  if (at !== -1) known.counts[at] = (known.counts[at] ?? 0) + 1;
  known.sum += seconds;
  known.count += 1;
}

function count(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}

function head(name: string, type: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}`;
}

function one(name: string, type: string, help: string, value: number): string {
  return `${head(name, type, help)}\n${name} ${value}`;
}

function counters(name: string, help: string, counts: ReadonlyMap<string, number>): readonly string[] {
  return [
    head(name, "counter", help),
    ...[...counts].map(([labels, value]) => `${name}{${labels}} ${value}`),
  ];
}

/** Buckets are cumulative. */
function shown(name: string, { counts, sum, count: all }: Histogram, labels = ""): readonly string[] {
  const more = labels === "" ? "" : `${labels},`;
  const own = labels === "" ? "" : `{${labels}}`;
  let below = 0;
  const buckets = BOUNDS.map((bound, at) => {
    below += counts[at] ?? 0;
    return `${name}_bucket{${more}le="${bound}"} ${below}`;
  });
  return [
    ...buckets,
    `${name}_bucket{${more}le="+Inf"} ${all}`,
    `${name}_sum${own} ${sum}`,
    `${name}_count${own} ${all}`,
  ];
}
