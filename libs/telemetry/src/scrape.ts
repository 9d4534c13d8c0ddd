import { monitorEventLoopDelay } from 'node:perf_hooks';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { bindMeter, gauge } from './metrics.ts';
import { metricNames } from './names.ts';

/** Reads when asked: the scrape is the clock. */
class ScrapeReader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE });
  }
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

function makeScrape(): () => Promise<string> {
  const reader = new ScrapeReader();
  const provider = new MeterProvider({ readers: [reader] });
  const meter = provider.getMeter('authority');
  // No prefix, no timestamps, neither target_info nor scope labels: one process has one scope.
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  bindMeter(meter);
  meter
    .createObservableCounter(metricNames.processCpu, { description: 'CPU time, user and system.' })
    .addCallback((result) => result.observe((process.cpuUsage().user + process.cpuUsage().system) / 1e6));
  return async () => {
    const { resourceMetrics } = await reader.collect();
    return `${serializer.serialize(resourceMetrics)}\n`;
  };
}

function readProcess(): void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  gauge(metricNames.processMemory, 'Resident memory.').read(() => process.memoryUsage.rss());
  gauge(metricNames.heapUsed, 'JavaScript heap in use.').read(() => process.memoryUsage().heapUsed);
  gauge(metricNames.processStart, 'When the process began, seconds since 1970.').read(() => performance.timeOrigin / 1000);
  gauge(metricNames.eventLoopDelay, 'p99 of the event loop delay since the last scrape.').read(() => {
    const seconds = Math.max(0, delay.percentile(99) - 20e6) / 1e9;
    delay.reset();
    return Number.isFinite(seconds) ? seconds : 0;
  });
}

let scrapeOnce: (() => Promise<string>) | undefined;

/** The Prometheus text (exposition format 0.0.4) of everything that was observed since the first call. */
export function openScrape(): () => Promise<string> {
  if (scrapeOnce === undefined) {
    scrapeOnce = makeScrape();
    readProcess();
  }
  return scrapeOnce;
}
