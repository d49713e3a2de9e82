// Which policy an adapter runs, and by which digests every validator knows that it runs the same.

import { TrimtabError } from "../error.js";
import type { Profile } from "../generated.js";
import { moduleDigest } from "../load.js";
import { Policy } from "../policy.js";
import type { ConfigOverrides } from "../policy.js";

/** A profile with the fields of its config that the operator changes. */
export interface HubPolicy {
  readonly profile?: Profile;
  readonly config?: ConfigOverrides;
}

/** What two validators must share to decide alike. */
export interface PolicyIdentity {
  /** sha256 of the module's bytes. */
  readonly module: string;
  /** sha256 of the canonical config. */
  readonly config: string;
}

/** What an adapter refuses to differ from. */
export interface Expected {
  /** sha256 of the module's bytes that the operator tested. */
  readonly expectDigest?: string;
  /** sha256 of the canonical config that was agreed on. */
  readonly expectConfig?: string;
}

/** The policy in force; loads the module where that is possible at once. */
export function policyOf(policy: Policy | HubPolicy, expected: Expected = {}): Policy {
  const made = policy instanceof Policy ? policy : new Policy(policy.profile, policy.config);
  mustBe("expectDigest", moduleDigest, expected.expectDigest);
  mustBe("expectConfig", made.digest, expected.expectConfig);
  return made;
}

/** The digests of a policy, for committing them beside the task. */
export function policyIdentity(policy: Policy | HubPolicy): PolicyIdentity {
  return { module: moduleDigest, config: policyOf(policy).digest };
}

/** Refuses other bytes than the expected ones. */
export function mustBe(field: string, got: string, expected: string | undefined): void {
  if (expected !== undefined && got !== expected) {
    throw new TrimtabError({ code: "incompatible_version", field, got: `sha256 ${got}`, expected: `sha256 ${expected}` });
  }
}

/** How long a policy wants to wait, told by its own answers: nothing of it is written here. */
export function rhythm(policy: Policy): { readonly tickMs: number; readonly monitorMs: number | undefined } {
  const now = 1;
  const hub_id = "0x01";
  const stuck = policy.hubPlan({ hub_id, now: Number.MAX_SAFE_INTEGER - 1e12, sent: { sent_at: 0 } });
  const tick = stuck.decision.next_wake;
  const look = policy.hubReserves({ hub_id, now }).decision.next_wake;
  return { tickMs: tick === undefined ? 1 : tick - (Number.MAX_SAFE_INTEGER - 1e12), monitorMs: look === undefined ? undefined : look - now };
}
