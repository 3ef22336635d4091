"""Hosts that give mailboxes or pages to anyone: sharing one says nothing about belonging to one company."""

FREE_MAIL_HOSTS = frozenset(
    # International.
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com passport.com yahoo.com ymail.com
    rocketmail.com icloud.com me.com mac.com aol.com aim.com proton.me protonmail.com protonmail.ch pm.me
    zoho.com zohomail.com zohomail.eu gmx.com gmx.net mail.com email.com usa.com fastmail.com fastmail.fm
    hushmail.com tutanota.com tuta.io tutamail.com yandex.com yandex.ru mail.ru inbox.com hey.com duck.com
    """.split()
    # Norway.
    + """
    online.no live.no hotmail.no outlook.no yahoo.no msn.no frisurf.no broadpark.no c2i.net start.no
    lyse.net getmail.no altiboxmail.no altibox.no telenor.no bluezone.no ebnett.no hesbynett.no haugnett.no
    loqal.no tele2.no nextgentel.com enivest.net runbox.com runbox.no epost.no sensewave.com vikenfiber.no
    eidsiva.net ntebb.no
    """.split()
    # Sweden.
    + """
    telia.com hotmail.se live.se outlook.se yahoo.se spray.se bredband.net bredband2.com comhem.se tele2.se
    glocalnet.net swipnet.se bahnhof.se passagen.se home.se algonet.se
    """.split()
    # Denmark.
    + """
    hotmail.dk live.dk outlook.dk yahoo.dk mail.dk jubii.dk ofir.dk stofanet.dk tdcadsl.dk youmail.dk
    privat.dk mail.tele.dk webspeed.dk get2net.dk post.tele.dk
    """.split()
    # Finland.
    + """
    hotmail.fi live.fi outlook.fi suomi24.fi luukku.com elisanet.fi kolumbus.fi saunalahti.fi pp.inet.fi
    inet.fi dnainternet.net netti.fi welho.com
    """.split()
    # The rest of Europe, where Nordic companies trade most.
    + """
    gmx.de gmx.at gmx.ch web.de t-online.de freenet.de arcor.de yahoo.de hotmail.de outlook.de live.de
    1und1.de hotmail.co.uk yahoo.co.uk outlook.co.uk live.co.uk btinternet.com btopenworld.com sky.com
    virginmedia.com talktalk.net ntlworld.com hotmail.fr live.fr yahoo.fr outlook.fr orange.fr wanadoo.fr
    free.fr sfr.fr laposte.net hotmail.it yahoo.it libero.it virgilio.it tin.it alice.it hotmail.es yahoo.es
    terra.es telefonica.net live.nl hotmail.nl ziggo.nl kpnmail.nl planet.nl home.nl xs4all.nl skynet.be
    telenet.be hotmail.be bluewin.ch wp.pl o2.pl onet.pl interia.pl op.pl seznam.cz centrum.cz inbox.lv
    inbox.lt mail.ee hot.ee
    """.split()
)
"""Lower-case host names; a host that is not here is taken for a company's own."""

SHARED_WEB_HOSTS = frozenset(
    """
    facebook.com fb.com fb.me instagram.com linkedin.com twitter.com x.com tiktok.com youtube.com pinterest.com
    google.com goo.gl g.page business.site linktr.ee wixsite.com wordpress.com blogspot.com weebly.com
    squarespace.com shopify.com myshopify.com etsy.com ebay.com finn.no proff.no gulesider.no 1881.no mittanbud.no
    allabolag.se eniro.se hitta.se blocket.se proff.se krak.dk degulesider.dk dba.dk proff.dk fonecta.fi finder.fi
    tori.fi
    """.split()
)
"""Hosts, with all below them, on which companies have pages: the address of such a page is nobody's domain."""
