"""More samples of XML formats: those of archives, editions, repositories and programs."""

from __future__ import annotations

TEI_LIST = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt>
<title>My list</title></titleStmt><sourceDesc><biblStruct><monogr><title>Source</title></monogr>
</biblStruct></sourceDesc></fileDesc></teiHeader><text><body><listBibl>
<biblStruct type="journalArticle" xml:id="b1"><analytic><title level="a">Salt</title><author>
<forename>Ada</forename><forename>B.</forename><surname>Marsh</surname></author>
<author><orgName>Salt Guild</orgName></author><idno type="DOI">10.5555/tei</idno></analytic><monogr>
<title level="j">Roads</title><editor><forename>Eva</forename><surname>Lind</surname></editor>
<imprint>
<biblScope unit="volume">7</biblScope><biblScope unit="page">1-9</biblScope><date>2011</date>
</imprint>
</monogr></biblStruct>
<biblStruct type="book"><monogr><title level="m">Pepper Book</title><author><persName>
<forename>Ben</forename><surname>Okoro</surname></persName></author><imprint>
<pubPlace>Rome</pubPlace>
<publisher>Porto</publisher><date when="2012">2012</date></imprint></monogr></biblStruct>
<bibl><author>Lind, Eva</author>. <title>Sugar</title>. Rome: Porto, <date>2013</date>.</bibl>
</listBibl></body><back><listBibl><bibl><title>Cited</title></bibl></listBibl></back></text>
</TEI>"""

TEI_TEXT = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader xml:lang="en"><fileDesc>
<titleStmt>
<title level="a" type="main">Salt</title></titleStmt><publicationStmt><publisher>Porto</publisher>
<date when="2014-05-06">6 May 2014</date></publicationStmt><sourceDesc><biblStruct><analytic>
<author>
<persName><forename type="first">Ada</forename><surname>Marsh</surname></persName>
<affiliation>Rome</affiliation></author></analytic><monogr><title level="j">Roads</title><imprint>
<biblScope unit="page" from="1" to="9"/></imprint></monogr><idno type="DOI">10.5555/grobid</idno>
</biblStruct></sourceDesc></fileDesc><profileDesc><abstract><p>About salt.</p></abstract>
</profileDesc>
</teiHeader><text><body><p>Long text.</p><p>More <bibl><title>X</title></bibl></p></body><back><div>
<listBibl><biblStruct><monogr><title>Cited</title></monogr></biblStruct></listBibl></div></back>
</text>
</TEI>"""

EAD = """<ead xmlns="urn:isbn:1-931666-22-9"><eadheader><eadid>salt1</eadid><filedesc><titlestmt>
<titleproper>Guide to the Salt Papers</titleproper></titlestmt></filedesc></eadheader>
<archdesc level="collection"><did><unittitle>Salt Papers, <unitdate normal="1900/1950">1900-1950
</unitdate></unittitle><unitid>MC 1</unitid><origination><persname>Marsh, Ada</persname>
</origination>
<langmaterial><language langcode="eng">English</language></langmaterial></did>
<scopecontent><head>Scope</head><p>Letters.</p><p>Maps.</p></scopecontent>
<dsc><c01 level="series" id="s1"><did><unittitle>Letters</unittitle></did>
<c02 level="file" id="f1"><did><unittitle>To Ben</unittitle><unitdate>1911</unitdate>
<container type="box">1</container></did></c02>
<c02 level="file" id="f2"><did><unitdate>1912</unitdate></did></c02></c01></dsc>
<controlaccess><subject>Salt</subject></controlaccess></archdesc></ead>"""

EPRINTS = """<?xml version='1.0' encoding='utf-8'?>
<eprints xmlns='http://eprints.org/ep2/data/2.0'><eprint id='http://example.org/id/eprint/7'>
<eprintid>7</eprintid><documents><document><format>pdf</format><files><file><data encoding="base64">
AAAA</data></file></files></document></documents><type>article</type><creators><item><name>
<family>Marsh</family><given>Ada</given></name><id>a@example.org</id></item><item><name>
<family>Okoro</family><given>Ben</given></name></item></creators><corp_creators>
<item>Salt Guild</item>
</corp_creators><title>Salt</title><subjects><item>QA</item></subjects>
<abstract>About salt.</abstract>
<date>2011-05</date><publication>Roads</publication><volume>7</volume><number>2</number>
<pagerange>1-9</pagerange><id_number>10.5555/eprint</id_number></eprint></eprints>"""

ZOTERO = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:z="http://www.zotero.org/namespaces/export#" xmlns:dcterms="http://purl.org/dc/terms/"
 xmlns:bib="http://purl.org/net/biblio#" xmlns:foaf="http://xmlns.com/foaf/0.1/"
 xmlns:link="http://purl.org/rss/1.0/modules/link/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:prism="http://prismstandard.org/namespaces/1.2/basic/">
<bib:Article rdf:about="http://example.org/a"><z:itemType>journalArticle</z:itemType>
<dcterms:isPartOf rdf:resource="urn:issn:1234-5679"/><bib:authors><rdf:Seq><rdf:li><foaf:Person>
<foaf:surname>Marsh</foaf:surname><foaf:givenName>Ada</foaf:givenName></foaf:Person></rdf:li>
</rdf:Seq>
</bib:authors><dcterms:isReferencedBy rdf:resource="#item_3"/><link:link rdf:resource="#item_2"/>
<dc:subject>salt</dc:subject><dc:subject><z:AutomaticTag><rdf:value>roads</rdf:value>
</z:AutomaticTag>
</dc:subject><dc:title>Salt</dc:title><dcterms:abstract>About salt.</dcterms:abstract>
<dc:date>2011-05</dc:date><dc:identifier>DOI 10.5555/zotero</dc:identifier>
<bib:pages>1-9</bib:pages>
</bib:Article>
<z:Attachment rdf:about="#item_2"><z:itemType>attachment</z:itemType><dc:identifier><dcterms:URI>
<rdf:value>https://example.org/a.pdf</rdf:value></dcterms:URI></dc:identifier>
<dc:title>Full Text</dc:title>
</z:Attachment>
<bib:Memo rdf:about="#item_3"><rdf:value>&lt;p&gt;Read this.&lt;/p&gt;</rdf:value></bib:Memo>
<bib:Journal rdf:about="urn:issn:1234-5679"><dc:title>Roads</dc:title><prism:volume>7</prism:volume>
<prism:number>2</prism:number><dc:identifier>ISSN 1234-5679</dc:identifier></bib:Journal>
<rdf:Description rdf:about="#item_4"><z:itemType>webpage</z:itemType><dcterms:isPartOf><z:Website>
<dc:title>Salt Site</dc:title></z:Website></dcterms:isPartOf><dc:title>Pepper</dc:title>
</rdf:Description>
<z:Collection rdf:about="#collection_1"><dc:title>To read</dc:title>
<dcterms:hasPart rdf:resource="#item_4"/></z:Collection></rdf:RDF>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
<title>Query</title><entry><id>http://arxiv.example/abs/1</id><title>Salt
  in Roads</title><published>2011-05-06T00:00:00Z</published><summary>About salt.</summary>
<author><name>Ada Marsh</name></author><author><name>Ben Okoro</name></author>
<arxiv:doi>10.5555/atom</arxiv:doi><link href="http://arxiv.example/abs/1" rel="alternate"/>
<category term="cs.SA"/></entry></feed>"""

UNKNOWN = """<library updated="2020"><owner><first>Eva</first></owner><books>
<book id="1"><authors><author><last>Marsh</last></author><author><last>Okoro</last></author>
</authors>
<booktitle>Salt</booktitle><price unit="EUR">5</price></book>
<book id="2"><authors><author><last>Lind</last></author></authors><booktitle>Pepper</booktitle>
</book>
</books></library>"""

DBLP = """<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE dblp SYSTEM "dblp.dtd"><dblp>
<article mdate="2020-01-01" key="journals/x/M11"><author orcid="0">Ada M&uuml;ller</author>
<author>Ben Okoro</author><title>Salt <i>in</i> Sea.</title><pages>1-9</pages><year>2011</year>
<volume>7</volume><journal>Roads</journal><ee>https://doi.org/10.5555/x</ee></article>
<www key="homepages/x"><author>Ada</author><title>Home Page</title></www></dblp>"""

ACL = """<collection id="2020.x"><volume id="1"><meta><booktitle>Proceedings of Salt</booktitle>
<editor><first>Eva</first><last>Lind</last></editor><month>July</month><year>2020</year></meta>
<paper id="1"><title><fixed-case>S</fixed-case>alt is good</title><author><first>Ada</first>
<last>Marsh</last></author><pages>1-9</pages><abstract>About <i>salt</i>.</abstract>
<url>2020.x-1.1</url><bibkey>marsh-2020</bibkey></paper></volume></collection>"""

ARXIV = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header>
<identifier>oai:arXiv.org:1</identifier></header><metadata>
<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>0704.0001</id><created>2007-04-02</created><authors>
<author><keyname>Marsh</keyname><forenames>A.</forenames></author></authors><title>Salt</title>
<abstract>About
 salt</abstract></arXiv></metadata></record></ListRecords></OAI-PMH>"""

ONIX = """<?xml version="1.0"?><ONIXMessage release="3.0"
 xmlns="http://ns.editeur.org/onix/3.0/reference"><Header><Sender><SenderName>Porto</SenderName>
</Sender></Header><Product><RecordReference>p.1</RecordReference><ProductIdentifier>
<ProductIDType>15</ProductIDType><IDValue>9783161484100</IDValue></ProductIdentifier>
<DescriptiveDetail><TitleDetail><TitleType>01</TitleType><TitleElement><TitlePrefix>The</TitlePrefix>
<TitleWithoutPrefix>Salt Road</TitleWithoutPrefix><Subtitle>A History</Subtitle></TitleElement>
</TitleDetail><Contributor><ContributorRole>A01</ContributorRole><PersonName>Ada Marsh</PersonName>
<PersonNameInverted>Marsh, Ada</PersonNameInverted></Contributor><Contributor>
<ContributorRole>B01</ContributorRole><CorporateName>Salt Guild</CorporateName></Contributor>
<Language><LanguageRole>01</LanguageRole><LanguageCode>eng</LanguageCode></Language>
</DescriptiveDetail><CollateralDetail><TextContent><Text>About <em>salt</em>.</Text></TextContent>
<SupportingResource><ResourceVersion><ResourceLink>https://example.org/cover.jpg</ResourceLink>
</ResourceVersion></SupportingResource></CollateralDetail><PublishingDetail><Publisher>
<PublisherName>Porto</PublisherName></Publisher><PublishingDate><Date>20110506</Date>
</PublishingDate></PublishingDetail></Product></ONIXMessage>"""

WORD = """<b:Sources xmlns:b="http://schemas.openxmlformats.org/officeDocument/2006/bibliography">
<b:Source><b:Tag>Mar11</b:Tag><b:SourceType>JournalArticle</b:SourceType><b:Author><b:Author>
<b:NameList><b:Person><b:Last>Marsh</b:Last><b:First>Ada</b:First></b:Person></b:NameList>
</b:Author></b:Author><b:Title>Salt</b:Title><b:JournalName>Roads</b:JournalName><b:Year>2011</b:Year>
</b:Source></b:Sources>"""
