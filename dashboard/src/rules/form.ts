/** What the parts of a form share: the field's fault, and whether it may be changed. */
import type { MetricView } from '../contracts/types.ts';

export interface Form {
  /** What is wrong with a field, in words; null: nothing. */
  fault: (at: string) => string | null;
  metrics: readonly MetricView[];
}
