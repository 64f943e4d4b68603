/**
 * The nouns and places of the generated corpus, by domain of life and kind of thing. `/` joins words of one concept,
 * `,` parts concepts; concepts of one kind and domain are siblings in the taxonomy (see similarity.ts).
 */
export const kinds = [
  "person",
  "animal",
  "plant",
  "food",
  "vehicle",
  "tool",
  "container",
  "furniture",
  "clothing",
  "document",
  "device",
  "instrument",
  "artwork",
  "music",
  "medicine",
  "toy",
  "gear",
  "valuable",
  "relic",
] as const;
export type Kind = (typeof kinds)[number];

export interface DomainNouns {
  readonly nouns: { readonly [K in Kind]?: string };
  /** Each with its preposition and article, as it stands in a sentence. */
  readonly places: string;
}

export const domainNouns = {
  sea: {
    nouns: {
      person:
        "fisherman/fisher, sailor/seaman/mariner, captain/skipper, diver/frogman, lifeguard/lifesaver, pirate/buccaneer, docker/stevedore",
      vehicle: "boat/vessel, ferry, yacht/sailboat, canoe/kayak, raft, trawler, steamer/steamship",
      tool: "net/mesh, anchor, rope/cable, oar/paddle, harpoon/spear, compass",
      animal: "fish, shark, crab, lobster, seal, whale, dolphin/porpoise, gull/seagull",
    },
    places:
      "in the harbour/in the port, on the beach/on the shore, on the pier/on the jetty, near the lighthouse/near the beacon, on the island/on the isle",
  },
  farm: {
    nouns: {
      person:
        "farmer/grower, shepherd/herdsman, gardener/groundsman, miller, ploughman, beekeeper/apiarist, vet/veterinarian",
      animal: "cow, sheep, pig/hog, goat, hen/chicken, donkey/mule, horse/steed, duck, goose, bull/ox",
      plant:
        "tree, bush/shrub, flower/blossom, carrot, pumpkin, cabbage, sunflower, rose, seedling/sapling, vine/creeper",
      tool: "spade/shovel, rake, plough, pitchfork, scythe/sickle, wheelbarrow/handcart, fence/railing",
      vehicle: "tractor, cart/wagon, harvester",
    },
    places:
      "in the field/in the meadow, in the barn/in the stable, in the orchard/in the grove, behind the farmhouse, on the hill/on the slope",
  },
  kitchen: {
    nouns: {
      person: "cook/chef, waiter/server, baker, butcher, bartender/barman, diner, confectioner",
      food: "soup/broth, cake/gateau, pie/tart, sandwich, pizza, omelette, steak, salad, stew/casserole, sausage, pancake/crepe, pudding/dessert, biscuit/cookie",
      container: "pot/saucepan, pan/skillet, bowl, plate/dish, kettle, jug/pitcher, mug/beaker, bottle/flask, jar",
      tool: "knife, spoon/ladle, whisk",
      device: "oven/stove, fridge/refrigerator, toaster, blender/mixer",
    },
    places: "in the kitchen, in the restaurant/in the bistro, in the cafe, at the bakery, in the pub/in the tavern",
  },
  school: {
    nouns: {
      person:
        "teacher/instructor/tutor, pupil/student, professor/lecturer, headmaster/principal, librarian, scholar/academic, graduate",
      document: "book/volume, essay/composition, poem/verse, novel, dictionary/lexicon, textbook, diary/journal",
      tool: "pencil, pen/biro, ruler, eraser/rubber, crayon",
      container: "satchel/schoolbag, backpack/rucksack",
      device: "calculator, projector, globe",
    },
    places:
      "in the classroom/in the schoolroom, in the library, at school, on the campus, in the lecture hall/in the auditorium",
  },
  health: {
    nouns: {
      person:
        "doctor/physician/medic, nurse/carer, surgeon, dentist, patient/invalid, pharmacist/druggist, paramedic, midwife",
      medicine: "pill/tablet, bandage/dressing, syringe, vaccine, remedy/cure, ointment/salve",
      device: "scanner, stethoscope, thermometer",
      furniture: "stretcher, wheelchair, bed",
      vehicle: "ambulance",
    },
    places: "in the hospital/in the infirmary, in the clinic, in the ward, at the pharmacy/at the drugstore",
  },
  office: {
    nouns: {
      person:
        "manager/boss/supervisor, secretary/assistant, clerk, accountant/bookkeeper, programmer/developer/coder, director/executive, intern/trainee, client/customer",
      document: "contract/agreement, report, invoice/bill, file/folder, memo/memorandum, budget, letter",
      device: "computer/laptop, printer, phone/telephone, copier/photocopier, screen/monitor, keyboard",
      furniture: "desk, chair/seat, cabinet/cupboard, shelf/rack",
    },
    places:
      "in the office, at headquarters, in the meeting room/in the conference room, in the corridor/in the hallway, in the lift/in the elevator",
  },
  arts: {
    nouns: {
      person:
        "singer/vocalist, musician/instrumentalist, pianist, drummer/percussionist, violinist/fiddler, dancer/ballerina, painter/artist, actor/performer, sculptor",
      instrument: "guitar, piano, violin/fiddle, trumpet/bugle, drum, flute, cello, harp",
      artwork: "picture/painting, statue/sculpture, portrait, mosaic, mural/fresco",
      music: "song/tune/melody, symphony, ballad, opera, waltz, hymn/anthem",
    },
    places: "in the theatre/in the playhouse, in the concert hall, on the stage, in the gallery, in the studio",
  },
  workshop: {
    nouns: {
      person:
        "carpenter/joiner, mechanic/repairman, plumber, builder/bricklayer, electrician, blacksmith/smith, welder, apprentice",
      tool: "hammer/mallet, saw, drill, screwdriver, ladder, wrench/spanner, axe/hatchet, chisel, pipe/tube",
      furniture: "table, wardrobe/closet, bench, stool, bookcase",
      device: "engine/motor, lamp/lantern, pump, generator, boiler/heater",
    },
    places:
      "in the workshop, in the garage, on the roof, at the building site/at the construction site, in the basement/in the cellar",
  },
  sport: {
    nouns: {
      person:
        "athlete/sportsman, runner/sprinter, goalkeeper/goalie, swimmer, coach/trainer, referee/umpire, cyclist/biker, boxer/fighter, climber/mountaineer, champion/winner",
      gear: "ball, racket, medal, helmet, glove, trophy, ski, surfboard, whistle",
      vehicle: "bicycle/bike",
    },
    places:
      "in the stadium/in the arena, in the gym/in the gymnasium, on the court, on the track, in the swimming pool, on the mountain/on the peak",
  },
  travel: {
    nouns: {
      person:
        "driver/motorist/chauffeur, passenger/traveller, pilot/aviator, tourist/sightseer, guide, steward, porter",
      vehicle:
        "car/automobile, train, bus, lorry/truck, plane/aircraft, taxi/cab, motorcycle/motorbike, helicopter/chopper, van",
      container: "suitcase/valise, trunk",
      document: "map/chart, ticket, passport, brochure/leaflet",
    },
    places:
      "at the station, at the airport/at the airfield, on the motorway/on the highway, at the crossroads/at the junction, in the tunnel, on the bridge, at the hotel/at the inn",
  },
  home: {
    nouns: {
      person:
        "mother/mum, father/dad, grandmother/granny, grandfather/grandpa, baby/infant, boy/lad, girl/lass, brother, sister, neighbour, uncle, aunt/auntie, babysitter/nanny, tenant/lodger",
      clothing: "shirt, coat/jacket, dress/gown, hat/cap, shoe, scarf, sock, sweater/jumper/pullover, belt",
      furniture: "sofa/couch/settee, mirror, carpet/rug, curtain/drape, clock",
      toy: "doll, puzzle/jigsaw, kite, balloon, toy/plaything, swing",
      animal: "cat, dog/hound, rabbit/bunny, hamster, parrot, kitten, puppy",
    },
    places:
      "in the bedroom, in the living room/in the lounge, at home, in the bathroom, on the balcony/on the terrace, in the attic/in the loft",
  },
  law: {
    nouns: {
      person:
        "policeman/constable, detective/investigator, thief/robber/burglar, judge/magistrate, lawyer/attorney/solicitor, prisoner/inmate/convict, guard/sentry, witness/bystander, soldier/trooper",
      valuable: "jewel/gem, necklace, ring, wallet/purse, coin, diamond, watch/wristwatch, crown, safe/strongbox",
      tool: "gun/pistol, sword/sabre, key",
    },
    places: "in the courtroom, in the prison/in the jail, at the police station, in the bank, in the alley/in the lane",
  },
  science: {
    nouns: {
      person:
        "scientist/researcher, astronomer/stargazer, biologist/naturalist, inventor, explorer/adventurer, geologist, archaeologist, technician",
      device: "telescope, microscope, robot/android, rocket, satellite, sensor/detector, battery",
      relic: "fossil, bone, skull, crystal, meteorite, shell",
    },
    places:
      "in the laboratory/in the lab, in the observatory, in the museum, in the desert, in the cave/in the cavern, in the jungle/in the rainforest",
  },
  market: {
    nouns: {
      person:
        "shopkeeper/merchant/trader, shopper/buyer, cashier, grocer/greengrocer, florist, tailor/dressmaker, jeweller/goldsmith, beggar/tramp, auctioneer",
      food: "apple, orange, banana, egg, melon, potato/spud, onion, lemon, peach, sweet/candy",
      container: "basket/hamper, box/crate/carton, sack, barrel/cask, parcel/package",
      clothing: "handbag, apron, umbrella",
    },
    places:
      "in the market/in the marketplace, in the shop/in the store, in the square/in the plaza, at the fair/at the carnival, in the supermarket",
  },
} as const satisfies { readonly [domain: string]: DomainNouns };

export type Domain = keyof typeof domainNouns;
export const domains = Object.keys(domainNouns) as ReadonlyArray<Domain>;

/** Plurals that no rule gives; nouns in -man take -men by rule. */
export const irregularPlurals: { readonly [noun: string]: string } = {
  fish: "fish",
  sheep: "sheep",
  goose: "geese",
  ox: "oxen",
  knife: "knives",
  thief: "thieves",
  shelf: "shelves",
  scarf: "scarves",
  midwife: "midwives",
  aircraft: "aircraft",
  potato: "potatoes",
};
