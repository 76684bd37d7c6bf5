import type { ReactNode } from 'react';
import styles from './first-policy.module.css';

/** Accepted as it stands: a test takes it from the page. kubectl reads YAML 1.1, where a bare `on` is a boolean. */
const YAML = `kubectl apply -f - <<'EOF'
apiVersion: kubehero.kubehero.io/v1
kind: BudgetPolicy
metadata:
  name: team-shop
spec:
  scope:
    namespaces: [shop]
  ceiling: "$500/mo"
  hardStop: true
  thresholds:
    - percent: 80
    - percent: 100
      basis: Forecast
EOF`;

/** What is shown before the first policy: how to write one, and what it does. */
export function FirstPolicy(): ReactNode {
  return (
    <section className={styles.empty} aria-labelledby="empty-title">
      <h2 id="empty-title" className={styles.title}>
        No budget yet
      </h2>
      <p className={styles.lead}>
        A BudgetPolicy puts a ceiling on what namespaces, workloads or clusters spend in a period. Write the
        first one in a cluster that runs the operator; it appears here by itself.
      </p>
      <pre className={`${styles.yaml} mono`} tabIndex={0} aria-label="First policy">
        {YAML}
      </pre>
      <p className={styles.lead}>
        It warns at 80 per cent and when the forecast passes the ceiling. It stops nothing until somebody arms
        it, here or by <code className="mono">kubehero policy arm team-shop</code>.
      </p>
    </section>
  );
}
