import { stringify } from 'yaml';
import type { RunPlan } from '../training/run-plan.ts';

/** The text of a configuration that stands for these runs; they differ in their attribute alone. */
export function trainingFileText(plans: readonly Omit<RunPlan, 'id'>[], comment: string): string {
  const [first] = plans;
  if (!first) return '';
  const { dataset, preset, startFrom, tool, text, device, threads, config } = first;
  const value = {
    dataset,
    ...(preset === undefined ? {} : { preset }),
    ...(tool
      ? {
          backbone: tool.backbone,
          attributes: plans.flatMap((plan) => (plan.tool ? [plan.tool.attribute] : [])),
          mode: tool.mode,
          ...(tool.glove === undefined ? {} : { glove: tool.glove }),
        }
      : {}),
    ...(startFrom === undefined ? {} : { startFrom }),
    ...(text === undefined ? {} : { text: text.source }),
    ...config,
    device,
    ...(threads > 0 ? { threads } : {}),
  };
  return `# ${comment}\n${stringify(value, { lineWidth: 100 })}`;
}
