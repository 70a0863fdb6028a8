/** The rule language: what a condition is, whether it holds, and how to say it. All of it is pure, so this is its only door. */
export type { PlainCondition } from "./comparison";
export { conditionSql } from "./compile";
export { type Condition, condition, conditionDepthMax, conditionNodesMax } from "./condition";
export { describeCondition } from "./describe";
export { describeDuration, durationMs, readDuration } from "./duration";
export { type ConditionContext, profileFields } from "./fields";
export { looked, short } from "./looked";
export { matches, needsProfile, performedQueries } from "./matches";
export { duration, type OperatorName, operators, type ValueInput } from "./operators";
export {
  eventName,
  type PerformedQuery,
  type TimesOperator,
  timesOperators,
} from "./performed";
