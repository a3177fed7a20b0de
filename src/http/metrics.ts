import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;

/** Numbers for the operators, as a port; a name is registered once. */
export interface Metrics {
  counter(name: string, help: string, labels: readonly string[]): (labels: Labels) => void;
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
  ): (labels: Labels, value: number) => void;
  /** Durations in seconds. */
  histogram(
    name: string,
    help: string,
    labels: readonly string[],
  ): (labels: Labels, seconds: number) => void;
  /** The text that Prometheus scrapes, and its content type. */
  render(): Promise<{ readonly type: string; readonly text: string }>;
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics on prom-client with a registry of their own; process and event-loop numbers are in it. */
export const createMetrics = (): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    counter: (name, help, labelNames) => {
      const counter = new Counter({ name, help, labelNames: [...labelNames], registers });
      return (labels) => counter.inc(labels);
    },
    gauge: (name, help, labelNames) => {
      const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers });
      return (labels, value) => gauge.set(labels, value);
    },
    histogram: (name, help, labelNames) => {
      const histogram = new Histogram({
        name,
        help,
        labelNames: [...labelNames],
        buckets,
        registers,
      });
      return (labels, seconds) => histogram.observe(labels, seconds);
    },
    render: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
};
