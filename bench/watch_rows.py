#!/usr/bin/env python3
"""Makes 1,000 rows of evidence about examples/truck-park: ten reports a day for a hundred days, of 96 lorries a day and a hold of eight days.

    python3 bench/watch_rows.py > rows.csv
    time lazaret watch estimate examples/truck-park/gateway.toml rows.csv
"""
import datetime
import random

draw = random.Random(5)
day = lambda number: (datetime.date(2024, 5, 1) + datetime.timedelta(days=number)).isoformat()
about = lambda mean, share: max(0, round(mean * draw.gauss(1, share)))

print("id,date_observed,date_published,observer,medium,subject,quantity,low,best,high,unit,admiralty_source,admiralty_info,claim,url,kind")
number = 0
for d in range(2, 102):
    parked = 96 * min(d, 8) * 0.95
    for k in range(10):
        number += 1
        row = f"R{number},{day(d)},{day(d)}"
        if k < 4:
            print(f"{row},counter {k},sensor,pass_road,lorries_per_day,,{about(96, 0.12)},,lorry/day,{'AABB'[k]},2,x,,seen")
        elif k < 7:
            print(f"{row},analyst {k},image,park,lorries_parked,,{about(parked, 0.1)},,lorry,B,{2 if k < 6 else 3},x,,seen")
        elif k < 9:
            print(f"{row},shop {k},interview,inland_road,lorries_released,,{about(96, 0.15)},,lorry/day,C,3,x,,hearsay")
        else:
            print(f"{row},driver {d % 7},interview,drivers,days_in_park,,{about(8.3, 0.25)},,day,C,3,x,,hearsay")
