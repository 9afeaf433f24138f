/** The methods of the compute provider's guide (003), by their names here. */

/** Those that are on their way: not called by the example yet, nor looked for. */
export const awaited: ReadonlyArray<string> = []

const all = [
  "assessCapabilities",
  "register",
  "setAvailability",
  "startOffering",
  "enableDynamicPricing",
  "createContract",
  "setServiceTiers",
  "configureQueue",
  "enableLoadBalancing",
  "configureMonitoring",
  "getReputation",
  "setQualityChecker",
  "defineSla",
  "joinSwarm",
  "shareMarketData",
  "participateInPricing",
  "hostSpecializedModel",
  "enableBatchProcessing",
  "reserveCapacity",
  "getEarnings",
  "getAnalytics",
  "getOptimizationSuggestions",
]

export const guideMethods: ReadonlyArray<string> = all.filter((name) => !awaited.includes(name))
