"""Questions worth asking: named, tagged, with parameters, in YAML; ours and one's own.

In: the library's files, those of the home folder's `questions`, values for parameters. Out: `Question`s, and
the texts and variables to ask. Knows the language, not the store: whoever runs a question asks for it.

Example::

    library = loader.load(settings.home)
    question = library.find("merged-without-approval")
    for one in asked(question, {"days": "30"}):
        store.ask(Request(one.text, variables=one.variables))
"""
