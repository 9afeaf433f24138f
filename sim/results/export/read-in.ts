/** How the exported tables are read by pandas, R and DuckDB: a short script for each, beside them. */
import type { ExportFormat } from "./export-tables.ts"

export interface Script {
  readonly name: string
  readonly content: string
}

export const readInScripts = (format: ExportFormat): ReadonlyArray<Script> => {
  const isCsv = format === "csv"
  return [
    {
      name: "read.py",
      content: `# Run in this folder. Money is in credits; codebook.${format} says what each column holds.
import pandas as pd

metrics = pd.${isCsv ? "read_csv" : "read_parquet"}("metrics.${format}")
nodes = pd.${isCsv ? "read_csv" : "read_parquet"}("nodes.${format}")
nodes["profit_credits"] = nodes.share_credits + nodes.bounty_credits - nodes.cost_credits
print(metrics[["metric", "mean", "low", "high", "unit"]].to_string(index=False))
print(nodes.groupby("device_class").profit_credits.describe())
`,
    },
    {
      name: "read.R",
      content: `# Run in this folder. Money is in credits; codebook.${format} says what each column holds.
${isCsv ? "" : "library(arrow)\n"}metrics <- ${isCsv ? "read.csv" : "read_parquet"}("metrics.${format}")
nodes <- ${isCsv ? "read.csv" : "read_parquet"}("nodes.${format}")
nodes$profit_credits <- nodes$share_credits + nodes$bounty_credits - nodes$cost_credits
print(metrics[, c("metric", "mean", "low", "high", "unit")])
print(aggregate(profit_credits ~ device_class, nodes, summary))
`,
    },
    {
      name: "read.sql",
      content: `-- duckdb < read.sql, in this folder. Money is in credits; codebook.${format} says what each column holds.
SELECT metric, mean, low, high, unit FROM 'metrics.${format}';
SELECT device_class, count(*) AS nodes, avg(share_credits + bounty_credits - cost_credits) AS profit_credits
FROM 'nodes.${format}' GROUP BY device_class;
`,
    },
  ]
}
