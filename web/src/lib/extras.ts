// What may be recorded of a thing besides what the server tried out for us: it cannot try what has fields still empty.
import type { Schemas } from '../api/client';

type Action = Schemas['Action'];
export type Offered = Action & { rare?: boolean };

function besides(
  known: readonly Action[],
  may: (event: string) => boolean,
  usual: string[],
  rare: string[],
): Offered[] {
  const fresh = (e: string): boolean => may(e) && !known.some((a) => a.event === e);
  return [
    ...known,
    ...usual.filter(fresh).map((event) => ({ event, possible: true })),
    ...rare.filter(fresh).map((event) => ({ event, possible: true, rare: true })),
  ];
}

export function lotActions(
  card: Pick<Schemas['LotCard'], 'actions' | 'stage' | 'spot' | 'treatments'>,
  may: (event: string) => boolean,
  inspections: boolean,
): Offered[] {
  const here = !!card.spot && (card.stage === 'held' || card.stage === 'released');
  const inHand = card.treatments.some((t) => t.in_hand);
  return besides(
    card.actions,
    may,
    [
      ...(inHand ? ['treatment_dosed', 'treatment_read'] : []),
      ...(here && inspections ? ['inspection_started', 'lot_inspected'] : []),
    ],
    [
      ...(here ? ['lot_counted', 'loss_declared', 'lot_split', 'contact_seen', 'contamination_found'] : []),
      // Goods that are on a train, or gone, can still turn out to be dirty: the way to stop and recall them is here too.
      ...(card.stage === 'loaded' || card.stage === 'sent' ? ['exception_opened', 'contamination_found'] : []),
      ...(card.stage === 'departed' ? ['contamination_found'] : []),
      ...(inHand ? ['work_paused', 'work_resumed'] : []),
      ...(card.stage === 'held' ? ['clock_credited', 'credit_witnessed', 'signature_withdrawn'] : []),
      'noted',
    ],
  );
}

export function vehicleActions(
  card: Pick<Schemas['VehicleCard'], 'actions' | 'here' | 'spot' | 'emptied' | 'sealed' | 'expected'>,
  may: (event: string) => boolean,
): Offered[] {
  const usual = !card.here
    ? ['vehicle_returned']
    : [
        ...(card.spot ? (card.emptied ? [] : ['unloading_started', 'lot_unloaded']) : ['vehicle_placed']),
        'vehicle_checked',
        ...(card.emptied && !card.sealed ? ['vehicle_sealed'] : []),
      ];
  return besides(card.actions, may, usual, [
    ...(card.here && card.spot ? ['vehicle_placed', 'vehicle_left'] : []),
    ...(card.here ? ['contamination_found'] : []),
    'noted',
  ]);
}
