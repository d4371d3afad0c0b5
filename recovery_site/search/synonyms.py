"""The synonyms that people use, and the terms of the field."""

from typing import NamedTuple

from .words import folded, words

LEADS_WEIGH = 0.8  # the weight of a related word; the words themselves weigh 1

# Each word of a row finds all the others.
SAME_THING = [
    ("7-OH", "7-hydroxymitragynine", "7oh", "seven oh"),
    ("benzodiazepines", "benzos", "xanax", "valium", "klonopin", "ativan"),
    ("buprenorphine", "suboxone", "subutex", "sublocade", "bupe", "subs"),
    ("cold turkey", "all at once", "suddenly", "abruptly"),
    ("counseling", "therapy", "counselling"),
    ("dangerous", "deadly", "die", "dying", "fatal"),
    ("detox", "withdrawal", "withdrawal management", "detoxification"),
    ("family", "relative", "loved one", "husband", "wife", "spouse", "partner", "son", "daughter", "mom", "dad"),
    ("kratom", "ketum", "krathom", "thang", "biak", "mitragyna"),
    ("law", "legal", "illegal"),
    ("medicine", "medication", "meds"),
    ("naloxone", "narcan"),
    ("naltrexone", "vivitrol"),
    ("nausea", "vomit", "throw up", "puke"),
    ("opioid", "opiate"),
    ("overdose", "od"),
    ("paying", "cost", "price", "insurance", "insurer", "afford", "fee", "copay"),
    ("pregnancy", "pregnant", "baby"),
    ("privacy", "private", "anonymous", "confidential", "secret"),
    ("Spanish", "español", "espanol", "ayuda"),
    ("stop", "quit", "get off", "come off"),
    ("suicide", "suicidal", "kill myself", "end my life", "want to die", "wanna die"),
    ("taper", "wean", "cut down", "cutting down", "step by step"),
    ("teen", "teenager", "adolescent"),
    ("treatment", "rehab", "rehabilitation"),
    ("use again", "return to use", "relapse"),
]

# The word, and every synonym of it, also finds these. They weigh less and don't work in reverse.
LEADS_TO = {
    "address": ("contact",),
    "chat": ("contact",),
    "cold turkey": ("withdrawal", "get off"),
    "directions": ("contact",),
    "feel better": ("withdrawal",),
    "find out": ("privacy",),
    "hours": ("contact", "opening hours"),
    "how long": ("withdrawal",),
    "location": ("contact",),
    "medicaid": ("paying", "insurance"),
    "open": ("contact",),
    "nurse": ("professionals",),
    "overdose": ("naloxone",),
    "parents find out": ("privacy",),
    "phone": ("contact",),
    "phone number": ("contact",),
    "referral": ("refer", "professionals"),
    "sunday": ("contact",),
    "taper": ("get off", "withdrawal"),
    "teen": ("family", "parent", "child", "children", "under 18"),
    "weekend": ("contact",),
}

# Words of the field that people type but our pages may not contain. They are not typing errors.
_FIELD_WORDS = """
abstinence abuse addict addiction adderall admission aftercare alcohol alcoholic alcoholism alkaloid amphetamine
antabuse anxiety anxious appetite arrest ativan attorney
bail benadryl benzo benzos beer bipolar blackout breathe breath bupe buprenorphine bruise bruxism
cannabis capsule capsules chills chronic cigarette clinic clonidine cocaine codeine coma comedown commute counselor
counsellor court courts crack craving cravings custody
daycare delta delirium dementia depressed depression detox disability divorce doctor dosage dose doses dosing drinker
drinking drowsy drug drugs drunk drunken
ecstasy edible edibles employer enabling extract
faint fainting fatigue fentanyl fever fired fmla fetus forum
gabapentin gummies gummy
habit hallucination headache headaches heroin hiccups homeless hospital hydrocodone hydroxyzine hypnosis
ibogaine imodium inhale injection inpatient insomnia intervention itching
jail jaundice jitters judge
ketamine kidney klonopin kava
lawyer leave legality libido librium lithium liver loperamide lyrica
marijuana maeng marriage melatonin meth methadone microdose migraine mitragynine molly morphine mushrooms
nausea naltrexone narcan narcotic narcotics nicotine nurse nursing
opana opiate opiates outpatient overdose oxycodone oxycontin
painkiller painkillers palpitations panic parole parent parents percocet phenibut pills poison prison probation provider
psychosis psychiatrist
recovery rehab relapse relapsed resident rebound
school seizure seizures shakes sickness sleepless smoke smoking sober sobriety spouse sponsor stigma stimulant stoned
suboxone subutex suicidal suicide sweating sweats symptom
taper tapered tapering tapers teen teens teenager teenagers tianeptine tobacco tolerance tramadol trauma tremor tremors
urine
vaping vapes vaped valium veteran veterans vicodin vivitrol vomit vomiting
wean weaned weaning weed wellbutrin whiskey wine withdraw
xanax xylazine
yoga youth
zofran zoloft zubsolv
"""
FIELD_WORDS = frozenset(_FIELD_WORDS.split())

_ROW_OF = {folded(form): row for row in SAME_THING for form in row}
_ALSO = {folded(form): forms for key, forms in LEADS_TO.items() for form in _ROW_OF.get(folded(key), (key,))}
KNOWN = FIELD_WORDS | {word for form in [*sum(SAME_THING, ()), *LEADS_TO] for word in words(form)}


class Form(NamedTuple):
    """A folded word or phrase that counts as a match for one part of the query."""

    phrase: tuple[str, ...]
    weight: float = 1.0


def _forms_of(phrase):
    row = {folded(form) for form in _ROW_OF.get(phrase, ())} | {phrase}
    also = {folded(form) for form in _ALSO.get(phrase, ())} - row
    return tuple([Form(other) for other in sorted(row)] + [Form(other, LEADS_WEIGH) for other in sorted(also)])


FORMS_OF = {phrase: _forms_of(phrase) for phrase in [*_ROW_OF, *_ALSO]}
LONGEST_PHRASE = max(map(len, FORMS_OF))
# The synonyms of several words. Only these are searched for as phrases.
PHRASES = {form.phrase for forms in FORMS_OF.values() for form in forms if len(form.phrase) > 1}
