import type { ConnectionReport } from '../llm/connection-test.ts';
import type { Texts } from './texts.ts';

/** `small at localhost:8080 answered in 0.4 s, first word after 0.1 s; 12 + 3 tokens, $0.0001.` */
export function connectionText(label: string, report: ConnectionReport, texts: Texts): string {
  const { durationMs, firstTokenMs, usage, cost } = report;
  const time =
    firstTokenMs === undefined
      ? texts.t('{0} answered in {1}', label, seconds(durationMs, texts))
      : texts.t(
          '{0} answered in {1}, first word after {2}',
          label,
          seconds(durationMs, texts),
          seconds(firstTokenMs, texts),
        );
  const [prompt, completion] = [usage.prompt, usage.completion].map((n) => n.toLocaleString(texts.locale));
  const tokens = usage.estimated
    ? texts.t('≈ {0} + {1} tokens', prompt!, completion!)
    : texts.t('{0} + {1} tokens', prompt!, completion!);
  const price =
    cost === undefined
      ? texts.t('price not known')
      : cost === 0
        ? texts.t('no cost')
        : `$${cost.toFixed(cost < 0.01 ? 5 : 2)}`;
  return `${time}; ${tokens}, ${price}.`;
}

function seconds(ms: number, texts: Texts): string {
  return texts.t(
    '{0} s',
    (ms / 1000).toLocaleString(texts.locale, { maximumFractionDigits: ms < 1000 ? 2 : 1 }),
  );
}
