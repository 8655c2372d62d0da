"""Who may do what: accounts, sessions and one-time links of people; bearer tokens of programs; roles.

In: names and passwords, what an identity provider says, cookies, links, tokens. Out: who asks, with which role.
May import `store` and all below it.

Example::

    account = accounts.check_password(store, name, password, address=address, passwords=passwords)
    started = sessions.start(store, account, limits, old_cookie=cookie)
    sessions.find(store, started.cookie, limits).require("editor")
"""
