'use client';

import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { armPolicy } from '../hooks/arm-policy.js';
import type { AffectedObjectMessage, PolicyMessage } from '../model/budget-messages.js';
import { countKinds, sentence } from '../model/wording.js';
import styles from './arm-dialog.module.css';
import buttons from './budgets-page.module.css';
import { ArmConsequences } from './arm-consequences.js';
import page from './policy-page.module.css';

/** What the dialog decides. */
export interface ArmDialogProps {
  readonly policy: PolicyMessage;
  /** What would stop now; undefined while that is not known. */
  readonly wouldStop: readonly AffectedObjectMessage[] | undefined;
  readonly onClose: () => void;
  /** It is armed or disarmed. */
  readonly onDone: () => void;
}

/** Arms after the policy's name was typed out, or disarms; says first what that does. */
export function ArmDialog({ policy, wouldStop, onClose, onDone }: ArmDialogProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const [stage, setStage] = useState<{ readonly busy: boolean; readonly refusal?: string }>({ busy: false });
  const id = useId();
  const arming = !policy.armed;
  useEffect(() => dialog.current?.showModal(), []);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setStage({ busy: true });
    const { name, cluster } = policy;
    const refusal = await armPolicy({ policy: name, cluster, armed: arming, confirmName: typed });
    if (refusal !== undefined) return setStage({ busy: false, refusal });
    onDone();
    onClose();
  };

  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={`${id}-title`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={`${id}-title`} className={styles.title}>
          {arming ? 'Arm' : 'Disarm'} {policy.name}
        </h2>
        {arming ? (
          <ArmConsequences policy={policy} wouldStop={wouldStop} />
        ) : (
          <DisarmConsequences policy={policy} />
        )}
        {arming && (
          <label className={styles.label}>
            Type the policy’s name to arm it
            <input
              className={`${styles.input} mono`}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              autoFocus
            />
          </label>
        )}
        <p className={styles.refusal} role="alert">
          {stage.refusal !== undefined && sentence(stage.refusal)}
        </p>
        <div className={styles.choice}>
          <button type="button" className={buttons.button} onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button
            type="submit"
            className={page.arm}
            disabled={stage.busy || (arming && typed !== policy.name)}
          >
            {buttonText(arming, stage.busy)}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function DisarmConsequences({ policy }: { readonly policy: PolicyMessage }): ReactNode {
  const held = policy.clusters.flatMap(({ objects }) => objects);
  return (
    <p className={styles.text}>
      {held.length === 0
        ? 'Nothing is stopped now. Disarmed, the policy warns and stops nothing.'
        : `${countKinds(held)} are put back as they were, except what a person changed since; new pods are let in, and spending goes on.`}
    </p>
  );
}

function buttonText(arming: boolean, busy: boolean): string {
  if (busy) return arming ? 'Arming' : 'Disarming';
  return arming ? 'Arm' : 'Disarm';
}
