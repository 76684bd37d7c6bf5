import type { ArmRequest } from '../model/budget-messages.js';

/**
 * Asks the dashboard to arm or disarm.
 * @returns why it was refused, or undefined when the cluster's operator has written it
 */
export async function armPolicy(request: ArmRequest): Promise<string | undefined> {
  try {
    const response = await fetch('/api/budgets/armed', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    if (response.ok) return undefined;
    const fault = (await response.json()) as { readonly message?: string };
    return fault.message ?? `the dashboard answered with status ${response.status}`;
  } catch {
    return 'the dashboard cannot be reached: check that it runs, then try again';
  }
}
